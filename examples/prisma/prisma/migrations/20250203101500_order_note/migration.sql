-- AlterTable
ALTER TABLE "orders" ADD COLUMN     "note" TEXT;

