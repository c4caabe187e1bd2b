create table bins (
  bin text primary key,
  brand text not null,
  bank text not null,
  bank_code text not null,
  type text not null,
  sub_type text not null,
  country text not null
);

create table ineligible_bins (
  shard bigint not null,
  merchant text not null,
  bin text not null,
  account text not null,
  until bigint not null,
  primary key (shard, merchant, bin, account)
);
create index ineligible_bins_until on ineligible_bins (until);
create index ineligible_bins_merchant on ineligible_bins (merchant, until);

create table data_keys (
  owner text not null,
  purpose text not null,
  generation bigint not null,
  wrapped text not null,
  created_at bigint not null,
  primary key (owner, purpose, generation)
);

create table customers (
  shard bigint not null,
  merchant text not null,
  reference text not null,
  id text not null,
  fields text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (shard, merchant, reference)
);
create unique index customers_id on customers (shard, merchant, id);
create index customers_created on customers (merchant, created_at, id);

create table cards (
  shard bigint not null,
  merchant text not null,
  customer text not null,
  token text not null,
  reference text not null,
  fingerprint text not null,
  facts text not null,
  nickname text not null,
  sealed text,
  generation bigint not null,
  purge_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (shard, merchant, token)
);
create unique index cards_fingerprint on cards (shard, merchant, customer, fingerprint);
create index cards_generation on cards (merchant, generation, token) where sealed is not null;
create index cards_purge on cards (purge_at) where purge_at is not null;

create table client_tokens (
  shard bigint not null,
  merchant text not null,
  hash text not null,
  order_id text,
  customer text,
  uses_left bigint not null check (uses_left >= 0),
  expires_at bigint not null,
  primary key (shard, hash)
);
create index client_tokens_expires on client_tokens (expires_at);

create table browser_origins (
  origin text not null,
  merchant text not null references merchants (id),
  primary key (origin, merchant)
);

create table spent_tokens (
  shard bigint not null,
  merchant text not null,
  hash text not null,
  expires_at bigint not null,
  primary key (shard, merchant, hash)
);
create index spent_tokens_expires on spent_tokens (expires_at);

create table jwt_keys (
  merchant text not null references merchants (id),
  kid text not null,
  public_key text not null,
  sealed text not null,
  created_at bigint not null,
  revoked_at bigint,
  primary key (merchant, kid)
);

create table audit_heads (
  shard bigint not null,
  merchant text not null,
  seq bigint not null,
  mac text not null,
  primary key (shard, merchant)
);

create table audit_entries (
  shard bigint not null,
  merchant text not null,
  seq bigint not null,
  at bigint not null,
  actor text not null,
  deed text not null,
  subject text not null,
  mac text not null,
  primary key (shard, merchant, seq)
);

alter table txns add column locker text;

create index orders_created on orders (merchant, created_at, order_id);
