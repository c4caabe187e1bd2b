-- The name that a merchant's metadata chooses an account by (gateway_reference_id).
alter table accounts add column label text;
-- Null: the gateway's own address of the mode.
alter table accounts add column base_url text;
-- JSON: what the account may be used for, and how much of it.
alter table accounts add column terms text not null default '{}';
-- Set: nothing is started there any more; what runs is finished with it.
alter table accounts add column disabled_at bigint;
create unique index accounts_label on accounts (merchant, label);

-- How often a start of this txn was put to a gateway: each has a reference of its own there.
alter table txns add column tries bigint not null default 1;
-- How many attempts the bank has certainly answered with a no.
alter table txns add column otp_answered bigint not null default 0;
-- JSON: why this account.
alter table txns add column choice text;

create index events_alarms on events (merchant, at) where kind = 'gateway_alarm';

-- A gateway may say yes too, and is not asked again for a while then either.
alter table ineligible_bins rename to bin_answers;
alter table bin_answers add column eligible bigint not null default 0;
drop index ineligible_bins_until;
drop index ineligible_bins_merchant;
create index bin_answers_until on bin_answers (until);
create index bin_answers_merchant on bin_answers (merchant, until);

create table routing_rules (
  merchant text not null references merchants (id),
  version bigint not null,
  rules text not null,
  actor text not null,
  created_at bigint not null,
  primary key (merchant, version)
);

-- Counts of one minute, which all processes add to; readers decide how much they still weigh.
create table health_counts (
  scope text not null,
  network text not null,
  issuer text not null,
  question text not null,
  minute bigint not null,
  good bigint not null,
  bad bigint not null,
  took_ms bigint not null,
  primary key (minute, scope, network, issuer, question)
);

create table outages (
  id text not null primary key,
  gateway text not null,
  network text not null,
  issuer text not null,
  -- Whose payments alone showed it, and whom alone it concerns; '': several merchants'.
  merchant text not null,
  -- What failed, and has to work again.
  signal text not null,
  since bigint not null,
  tried_at bigint not null,
  until bigint,
  -- Set with until: recovered; or untried, when nobody knows.
  ending text,
  -- How much of it merchants have been told: 1, that it began; 2, that it is over.
  told bigint not null default 0
);
create unique index outages_open on outages (gateway, network, issuer, merchant)
  where until is null;
create index outages_since on outages (since);
create index outages_untold on outages (since) where told < 2;
