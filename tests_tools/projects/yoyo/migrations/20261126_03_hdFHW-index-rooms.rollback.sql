-- transactional: false
DROP INDEX CONCURRENTLY rooms_guest;
