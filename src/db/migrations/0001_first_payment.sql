create table facts (
  name text primary key,
  value text not null
);

create table merchants (
  id text primary key,
  settings text not null,
  created_at bigint not null
);

create table api_keys (
  hash text primary key,
  merchant text not null references merchants (id),
  created_at bigint not null,
  revoked_at bigint
);

create table accounts (
  merchant text not null references merchants (id),
  id text not null,
  gateway text not null,
  credentials text not null,
  created_at bigint not null,
  primary key (merchant, id)
);

create table orders (
  shard bigint not null,
  merchant text not null,
  order_id text not null,
  id text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  seq bigint not null,
  txn_count bigint not null check (txn_count >= 0 and txn_count <= 25),
  last_txn text,
  claimed_by text,
  paid_by text,
  captured bigint not null check (captured >= 0 and captured <= amount),
  fields text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (shard, merchant, order_id)
);

create unique index orders_id on orders (shard, merchant, id);

create table txns (
  shard bigint not null,
  merchant text not null,
  id text not null,
  order_id text not null,
  n bigint not null,
  status text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  auth_type text not null,
  auto_capture bigint not null check (auto_capture in (0, 1)),
  account text not null,
  gateway text not null,
  card text not null,
  routing_id text,
  challenge_id text not null,
  otp_attempts bigint not null,
  otp_attempts_max bigint not null check (otp_attempts <= otp_attempts_max),
  otp_sends bigint not null,
  otp_sends_max bigint not null check (otp_sends <= otp_sends_max),
  otp_sent_at bigint,
  challenge_until bigint,
  closed_by text,
  bank_data text,
  said text not null,
  code text not null,
  late bigint not null check (late in (0, 1)),
  lease bigint not null,
  lease_until bigint not null,
  asked_at bigint not null,
  looks bigint not null,
  due_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (shard, merchant, id)
);

create unique index txns_order on txns (shard, merchant, order_id, n);

create index txns_due on txns (due_at) where due_at is not null;

create table events (
  shard bigint not null,
  merchant text not null,
  order_id text not null,
  seq bigint not null,
  kind text not null,
  txn text,
  at bigint not null,
  door text not null,
  request_id text,
  routing_id text,
  body text not null,
  primary key (shard, merchant, order_id, seq)
);
