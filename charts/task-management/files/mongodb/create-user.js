// Run once by the official image's entrypoint, before the server takes clients: the application's own account, which may
// read, write and index its database and nothing else.
db.getSiblingDB("admin").createUser({
  user: process.env.MONGODB_USERNAME,
  pwd: process.env.MONGODB_PASSWORD,
  roles: ["readWrite", "dbAdmin"].map((role) => ({ role, db: process.env.MONGODB_DATABASE })),
});
