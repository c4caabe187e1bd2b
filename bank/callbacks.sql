-- What the book learnt next: a page handed over as HTML, and whom to tell what becomes of payments.
alter table payments add column html_page integer not null default 0;

create table callbacks (
  payment integer primary key references payments (seq),
  manner text not null,
  url text not null,
  secret text not null,
  told text not null,
  number integer not null,
  next_at integer
) strict;

create index callbacks_by_time on callbacks (next_at);
