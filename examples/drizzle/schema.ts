// A board of tasks: teams have tasks, tasks have comments.
import { sql } from 'drizzle-orm'
import { bigint, bigserial, index, jsonb, pgEnum, pgTable, primaryKey, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'

export const taskState = pgEnum('task_state', ['open', 'done', 'dropped'])

export const teams = pgTable('teams', {
  id: uuid('id').primaryKey().default(sql`uuid_generate_v4()`),
  name: varchar('name', { length: 80 }).notNull().unique(),
  settings: jsonb('settings').notNull().default({}),
})

export const tasks = pgTable(
  'tasks',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    teamId: uuid('team_id')
      .notNull()
      .references(() => teams.id, { onDelete: 'cascade' }),
    title: text('title').notNull(),
    priority: varchar('priority', { length: 8 }).notNull().default('normal'),
    state: taskState('state').notNull().default('open'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('tasks_team_created_idx').on(table.teamId, table.createdAt.desc()),
    index('tasks_title_idx').using('gin', table.title.op('gin_trgm_ops')),
  ],
)

export const comments = pgTable(
  'comments',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    taskId: bigint('task_id', { mode: 'number' })
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    words: text('words').notNull(),
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('comments_task_idx').on(table.taskId)],
)

export const labels = pgTable(
  'labels',
  {
    taskId: bigint('task_id', { mode: 'number' })
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    word: varchar('word', { length: 40 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.word] })],
)
