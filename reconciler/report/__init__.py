"""From results to what people and tools read: text, tables, json."""
