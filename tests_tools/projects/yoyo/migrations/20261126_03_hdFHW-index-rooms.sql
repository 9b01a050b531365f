-- index rooms
-- depends: 20261126_02_ZKu1K-create-rooms

-- transactional: false
CREATE INDEX CONCURRENTLY rooms_guest ON rooms (guest_id);
