// A SurrealDB server of the old kind for tests: the real engine 3.0.2, which
// comes from npm without a server, behind the HTTP interface that a server of
// that version has. What the engine does is real; what this file does is to
// answer as docs and trials say that a 3.0 server answers.
//
//   node server.mjs --port 0 --user root --pass root memory|surrealkv:///path
//
// It prints {"port": N} when it is ready and ends on SIGTERM.
import { createServer } from 'node:http';
import { createNodeEngines } from '@surrealdb/node';
import { Surreal } from 'surrealdb';


const options = { port: '0', user: 'root', pass: 'root' };
let store = 'mem://';
for (let args = process.argv.slice(2); args.length > 0;) {
  const arg = args.shift();
  if (arg.startsWith('--')) options[arg.slice(2)] = args.shift();
  else store = arg === 'memory' ? 'mem://' : arg;
}

const db = new Surreal({ engines: createNodeEngines({ capabilities: { experimental: true } }) });
await db.connect(store);
const root = await db.newSession();
await root.query(`DEFINE USER IF NOT EXISTS ${options.user} ON ROOT PASSWORD ${JSON.stringify(options.pass)} ROLES OWNER`);
await root.signin({ username: options.user, password: options.pass });
await db.signin({ username: options.user, password: options.pass });
const version = (await db.version()).version;

// json prints integers of 64 bits as numbers, as a server does.
const json = (value) => JSON.stringify(value, (_, v) => typeof v === 'bigint' ? `bigint:${v}` : v).replace(/"bigint:(-?\d+)"/g, '$1');

// An answer is what a handler throws to end a request.
class Answer extends Error {
  constructor(status, body, type = 'application/json') {
    super(String(status));
    Object.assign(this, { status, body: typeof body === 'string' ? body : json(body), type });
  }
}
const denied = () => new Answer(401, 'There was a problem with authentication', 'text/plain');
const forbidden = () => new Answer(403, {
  code: 403, details: 'Forbidden', description: 'Not allowed to do this.',
  information: 'IAM error: Not enough permissions to perform this action',
});
const bad = (information) => new Answer(400, {
  code: 400, details: 'Request problems detected',
  description: 'There is a problem with your request. Refer to the documentation for further information.', information,
});

// turn makes a queue: what shares it runs one after the other.
const turn = () => {
  let last = Promise.resolve();
  return (f) => (last = last.then(f, f));
};

// sessions by who asks and where; the engine keeps the place in the session.
const sessions = new Map();

async function signIn(session, { user, pass, ns, db: database }) {
  const auth = { username: user, password: pass };
  if (ns) auth.namespace = ns;
  if (ns && database) auth.database = database;
  try {
    return (await session.signin(auth)).access;
  } catch {
    throw denied();
  }
}

async function sessionOf(req) {
  const h = req.headers;
  const key = ['authorization', 'surreal-auth-ns', 'surreal-auth-db', 'surreal-ns', 'surreal-db'].map((n) => h[n] ?? '').join('\0');
  let found = sessions.get(key);
  if (!found) {
    found = { session: await db.newSession(), turn: turn() };
    const [scheme, secret = ''] = (h.authorization ?? '').split(' ');
    if (scheme === 'Basic') {
      const [user, ...pass] = Buffer.from(secret, 'base64').toString().split(':');
      await signIn(found.session, { user, pass: pass.join(':'), ns: h['surreal-auth-ns'], db: h['surreal-auth-db'] });
    } else if (scheme === 'Bearer') {
      try {
        await found.session.authenticate(secret);
      } catch {
        throw denied();
      }
    } else {
      throw forbidden();
    }
    sessions.set(key, found);
  }
  return found;
}

const names = async (sql, kind) => Object.keys((await root.query(sql).responses())[0]?.result?.[kind] ?? {});
const rootTurn = turn();

// place says whether the namespace and database of a request exist. It never
// lets a session USE a name that does not: that would create it.
const place = (req) => rootTurn(async () => {
  const ns = req.headers['surreal-ns'], database = req.headers['surreal-db'];
  if (ns && !(await names('INFO FOR ROOT', 'namespaces')).includes(ns)) return { ns, database, missing: `The namespace '${ns}' does not exist` };
  if (ns && database) {
    await root.use({ namespace: ns });
    if (!(await names('INFO FOR NS', 'databases')).includes(database)) return { ns, database, missing: `The database '${database}' does not exist` };
  }
  return { ns, database };
});

const failure = (error) => ({ status: 'ERR', result: error.message || `${error.kind}: ${JSON.stringify(error.details)}`, time: '0ns' });

// run executes statements one after the other and returns an entry for each.
async function run(found, at, text) {
  return found.turn(async () => {
    if (at.ns) await found.session.use(at.database ? { namespace: at.ns, database: at.database } : { namespace: at.ns });
    try {
      return (await found.session.query(text).responses()).map((r) => r.success
        ? { status: 'OK', result: r.result ?? null, time: '0ns' } : failure(r.error));
    } catch (error) {
      return { parse: error.message ?? String(error) };
    }
  });
}

async function sql(req, text) {
  if (text.length > 1 << 20) throw new Answer(413, 'length limit exceeded', 'text/plain');
  const found = await sessionOf(req), at = await place(req);
  if (at.missing && !/^\s*(DEFINE (NAMESPACE|DATABASE)|INFO FOR (ROOT|NS))/i.test(text)) {
    return text.split(';').filter((s) => s.trim()).map(() => ({ status: 'ERR', result: at.missing, time: '0ns' }));
  }
  const out = await run(found, at.missing ? {} : at, text);
  if (out.parse !== undefined) throw bad(out.parse);
  return out;
}

async function takeIn(req, text) {
  const found = await sessionOf(req), at = await place(req);
  if (!at.ns || !at.database) throw bad('Specify a namespace and a database to use');
  if (!/^\s*(--[^\n]*\n\s*)*OPTION IMPORT\s*(= *true)?;/i.test(text)) throw bad('Invalid statement: Import requires `OPTION IMPORT;` as the first statement.');
  if (at.missing) return [{ status: 'ERR', result: at.missing, time: '0ns' }];
  const out = await run(found, at, text);
  if (out.parse !== undefined) return [{ status: 'ERR', result: out.parse, time: '0ns' }];
  return out.filter((r) => r.status !== 'OK');
}

const exportTurn = turn();

async function dump(req, text) {
  const found = await sessionOf(req), at = await place(req);
  if (!at.ns || !at.database) throw bad('Specify a namespace and a database to use');
  if (at.missing) return ''; // as a real server does: an empty text, and a success
  const [seen] = await run(found, at, 'INFO FOR DB');
  if (seen?.status !== 'OK') throw forbidden();
  const wanted = text ? JSON.parse(text) : {};
  return exportTurn(async () => {
    await db.use({ namespace: at.ns, database: at.database });
    if (wanted.tables?.exclude) {
      const all = await tablesOf(at);
      wanted.tables = all.filter((name) => !wanted.tables.exclude.includes(name));
    }
    return db.export(wanted);
  });
}

const tablesOf = (at) => rootTurn(async () => {
  await root.use({ namespace: at.ns, database: at.database });
  return names('INFO FOR DB', 'tables');
});

async function signin(text) {
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    throw bad('not JSON');
  }
  const session = await db.newSession();
  try {
    const token = await signIn(session, fields);
    return { code: 200, details: 'Authentication succeeded', token };
  } finally {
    await session.closeSession();
  }
}

async function answer(req, text) {
  const path = req.url.split('?')[0];
  switch (`${req.method} ${path}`) {
    case 'GET /health': case 'GET /ready': case 'GET /status': return new Answer(200, '', 'text/plain');
    case 'GET /version': return new Answer(200, version, 'text/plain');
    case 'POST /signin': return new Answer(200, await signin(text));
    case 'POST /sql': return new Answer(200, await sql(req, text));
    case 'POST /import': return new Answer(200, await takeIn(req, text));
    case 'GET /export': return new Answer(200, await dump(req, ''), 'application/octet-stream');
    case 'POST /export': return new Answer(200, await dump(req, text), 'application/octet-stream');
  }
  return new Answer(404, 'Not found', 'text/plain');
}

const server = createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  let out;
  try {
    out = await answer(req, Buffer.concat(chunks).toString());
  } catch (error) {
    out = error instanceof Answer ? error : new Answer(500, String(error?.stack ?? error), 'text/plain');
  }
  res.writeHead(out.status, { 'content-type': out.type, 'surreal-version': version.replace('-', '/') });
  // In pieces, as a server streams: a reader sees chunks and an end.
  const body = Buffer.from(out.body);
  for (let i = 0; i < body.length; i += 1 << 16) {
    if (!res.write(body.subarray(i, i + (1 << 16)))) await new Promise((resolve) => { res.once('drain', resolve); res.once('close', resolve); });
    if (res.destroyed) return;
  }
  res.end();
});
server.requestTimeout = 0;
server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.on('SIGTERM', async () => {
  server.close();
  await db.close();
  process.exit(0);
});
