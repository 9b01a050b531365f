CREATE TABLE "labels" (
	"task_id" bigint NOT NULL,
	"word" varchar(40) NOT NULL,
	CONSTRAINT "labels_task_id_word_pk" PRIMARY KEY("task_id","word")
);
--> statement-breakpoint
ALTER TABLE "labels" ADD CONSTRAINT "labels_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;