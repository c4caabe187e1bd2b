-- The bank's book. Cards appear as a keyed hash and their last four digits; OTPs not at all.
create table if not exists facts (
  name text primary key,
  value text not null
) strict, without rowid;

create table if not exists payments (
  seq integer primary key,
  id text not null unique,
  reference text not null unique,
  merchant_order text not null,
  account text not null,
  merchant text not null,
  amount integer not null check (amount > 0),
  currency text not null,
  auth text not null,
  capture integer not null,
  state text not null,
  code text not null,
  card_fingerprint text not null,
  bin_fingerprint text not null,
  last_four text not null,
  phone text,
  return_url text not null,
  started_at integer not null,
  sent_at integer not null,
  sends integer not null,
  guesses integer not null,
  ended_at integer
) strict;

create index if not exists payments_by_order on payments (merchant_order);

create table if not exists sends (
  payment integer not null references payments (seq),
  number integer not null,
  appears_at integer not null,
  primary key (payment, number)
) strict, without rowid;

create index if not exists sends_by_time on sends (appears_at);

create table if not exists rules (
  id integer primary key autoincrement,
  rule text not null
) strict;
