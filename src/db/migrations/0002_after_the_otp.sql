alter table orders add column webhook_url text;

alter table txns add column captured bigint not null default 0 check (captured >= 0);
alter table txns add column refunded bigint not null default 0
  check (refunded >= 0 and refunded <= captured);
alter table txns add column instruction text;
alter table txns add column captures text not null default '[]';
alter table txns add column flagged_at bigint;

update txns set captured = amount where status = 'CHARGED';
update txns set due_at = updated_at where status = 'CHARGED' and late = 1;
update txns set due_at = updated_at where status = 'AUTHORIZED' and due_at is null;

create index txns_unresolved on txns (merchant, created_at)
  where status = 'AUTHORIZING' or instruction is not null or captured > amount
    or (late = 1 and status not in ('VOIDED', 'AUTO_REFUNDED'));

create table refunds (
  shard bigint not null,
  merchant text not null,
  order_id text not null,
  id text not null,
  ref text not null,
  txn text not null,
  amount bigint not null check (amount > 0),
  status text not null,
  source text not null,
  metadata text not null,
  said text not null,
  sent bigint not null check (sent in (0, 1)),
  lease bigint not null,
  lease_until bigint not null,
  asked_at bigint not null,
  looks bigint not null,
  due_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (shard, merchant, order_id, id)
);

create index refunds_due on refunds (due_at) where due_at is not null;

create index refunds_in_review on refunds (merchant) where status = 'MANUAL_REVIEW';

alter table events add column due_at bigint;

create index events_due on events (due_at) where due_at is not null;

create table endpoints (
  merchant text not null references merchants (id),
  id text not null,
  url text not null,
  events text not null,
  sealed text not null,
  failures bigint not null,
  paused_until bigint not null,
  disabled_at bigint,
  created_at bigint not null,
  primary key (merchant, id)
);

create table deliveries (
  shard bigint not null,
  merchant text not null,
  order_id text not null,
  seq bigint not null,
  name text not null,
  endpoint text not null,
  id text not null,
  attempts bigint not null,
  lease bigint not null,
  due_at bigint,
  delivered_at bigint,
  given_up_at bigint,
  last_at bigint,
  http_status bigint,
  answer text,
  created_at bigint not null,
  primary key (shard, merchant, order_id, seq, name, endpoint)
);

create index deliveries_due on deliveries (due_at) where due_at is not null;

create index deliveries_id on deliveries (shard, merchant, id);

create index deliveries_created on deliveries (merchant, created_at);

create index deliveries_waiting on deliveries (merchant, endpoint, due_at)
  where delivered_at is null and given_up_at is null;

create table merchant_secrets (
  merchant text not null references merchants (id),
  name text not null,
  sealed text not null,
  created_at bigint not null,
  primary key (merchant, name)
);

create table budgets (
  shard bigint not null,
  merchant text not null,
  what text not null,
  subject text not null,
  day bigint not null,
  spent bigint not null,
  primary key (shard, merchant, what, subject, day)
);

create index budgets_day on budgets (day);
