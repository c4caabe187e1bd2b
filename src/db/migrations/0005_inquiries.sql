-- Payments of which nothing is awaited, but something may have become: a start that was left for
-- another account, money that its gateway may have given back. The row is the question.
create table inquiries (
  shard bigint not null,
  merchant text not null,
  txn text not null,
  -- Which start of the txn it is about.
  tries bigint not null,
  account text not null,
  gateway text not null,
  -- JSON: what the gateway called it.
  said text not null,
  looks bigint not null,
  -- Grows with every turn and all news, so that an answer to an older question ends nothing.
  lease bigint not null,
  due_at bigint not null,
  primary key (shard, merchant, txn, tries)
);
create index inquiries_due on inquiries (due_at);
