"""How a database came to its tables, step by step, as alembic runs them."""
