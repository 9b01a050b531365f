-- AlterTable
ALTER TABLE "customers" ADD COLUMN     "locale" VARCHAR(8) NOT NULL DEFAULT 'en';

