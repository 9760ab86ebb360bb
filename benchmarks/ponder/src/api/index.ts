import { Hono } from "hono";

// Ponder refuses to start without one; nothing is asked of it.
export default new Hono();
