-- CreateIndex, with CONCURRENTLY written in: alone in its file, so that PostgreSQL runs it outside of a transaction
CREATE INDEX CONCURRENTLY "orders_status_placed_at_idx" ON "orders"("status", "placed_at");
