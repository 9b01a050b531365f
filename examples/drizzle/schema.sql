CREATE TYPE "public"."task_state" AS ENUM('open', 'done', 'dropped');
CREATE TABLE "comments" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"task_id" bigint NOT NULL,
	"words" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "labels" (
	"task_id" bigint NOT NULL,
	"word" varchar(40) NOT NULL,
	CONSTRAINT "labels_task_id_word_pk" PRIMARY KEY("task_id","word")
);

CREATE TABLE "tasks" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"team_id" uuid NOT NULL,
	"title" text NOT NULL,
	"priority" varchar(8) DEFAULT 'normal' NOT NULL,
	"state" "task_state" DEFAULT 'open' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "teams" (
	"id" uuid PRIMARY KEY DEFAULT uuid_generate_v4() NOT NULL,
	"name" varchar(80) NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "teams_name_unique" UNIQUE("name")
);

ALTER TABLE "comments" ADD CONSTRAINT "comments_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "labels" ADD CONSTRAINT "labels_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;
CREATE INDEX "comments_task_idx" ON "comments" USING btree ("task_id");
CREATE INDEX "tasks_team_created_idx" ON "tasks" USING btree ("team_id","created_at" DESC NULLS LAST);
CREATE INDEX "tasks_title_idx" ON "tasks" USING gin ("title" gin_trgm_ops);
