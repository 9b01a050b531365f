DROP TABLE rooms;
DROP FUNCTION room_taken();
