import { defineConfig } from '@prisma/config'
import { PrismaPg } from '@prisma/adapter-pg'

// The schema engine reads catalogs whose columns have the types name and name[], which the adapter does not know.
const AS_TEXT: Record<number, number> = { 19: 25, 1003: 1009 }

function complete(adapter: any): any {
  const perform = adapter.performIO.bind(adapter)
  adapter.performIO = async (query: any) => {
    const found = await perform(query)
    for (const field of found.fields ?? []) field.dataTypeID = AS_TEXT[field.dataTypeID] ?? field.dataTypeID
    return found
  }
  // The adapter cuts a script at each semicolon, also in the body of a function; the engine's own driver sends it whole.
  adapter.executeScript = async (script: string) => {
    await adapter.client.query(script)
  }
  return adapter
}

export default defineConfig({
  experimental: { adapter: true },
  engine: 'js',
  schema: 'prisma/schema.prisma',
  adapter: async () => {
    const factory: any = new PrismaPg({ connectionString: process.env.DATABASE_URL })
    const connect = factory.connect.bind(factory)
    factory.connect = async () => complete(await connect())
    return factory
  },
})
