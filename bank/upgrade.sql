-- What the book learnt after its first version: what becomes of a payment whose OTP was right.
alter table payments add column captured integer not null default 0
  check (captured between 0 and amount);
alter table payments add column returned integer not null default 0
  check (returned between 0 and captured);
alter table payments add column pending_kind text;
alter table payments add column pending_amount integer not null default 0
  check (pending_amount between 0 and amount - captured);
alter table payments add column pending_at integer;
alter table payments add column late_at integer;

update payments set captured = amount where state = 'charged';

create table instructions (
  payment integer not null references payments (seq),
  reference text not null,
  kind text not null check (kind in ('capture', 'void')),
  amount integer not null check (amount >= 0),
  refusal text,
  settles_at integer not null,
  primary key (payment, reference)
) strict, without rowid;

create table refunds (
  seq integer primary key,
  id text not null unique,
  reference text not null unique,
  payment integer not null references payments (seq),
  amount integer not null check (amount > 0),
  refusal text,
  started_at integer not null,
  settles_at integer not null
) strict;

create index refunds_by_payment on refunds (payment);
