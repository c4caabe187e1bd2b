alter table txns drop column routing_id;
alter table orders drop column updated_at;
alter table cards drop column updated_at;
