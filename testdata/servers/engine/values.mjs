// The values of the old engine: read from the CBOR that it answers in, and
// written as the JSON that a server answers with. The SDK's own reader is no
// help: it makes one number of 5 and 5.0, and writes record ids its own way.

class Float { constructor(n) { this.n = n; } }
class Tagged { constructor(tag, value) { Object.assign(this, { tag, value }); } }

const NONE = 6, TABLE = 7, RECORD = 8, DECIMAL = 10, DATETIME = 12, DURATION = 14, UUID = 37;
const RANGE = 49, INCLUDED = 50, EXCLUDED = 51, FILE = 55, SET = 56, COLLECTION = 94;
const shapes = { 88: 'Point', 89: 'LineString', 90: 'Polygon', 91: 'MultiPoint', 92: 'MultiLineString', 93: 'MultiPolygon' };

// read returns the value of an answer. Integers are bigints, floats are
// Floats, and what JSON does not have is Tagged.
export function read(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  const take = (n) => bytes.subarray(at, at += n);
  const length = (info) => {
    if (info < 24) return BigInt(info);
    const size = 1 << (info - 24);
    at += size;
    return size === 8 ? view.getBigUint64(at - 8) : BigInt(size === 4 ? view.getUint32(at - 4) : size === 2 ? view.getUint16(at - 2) : view.getUint8(at - 1));
  };
  const many = (n, item) => Array.from({ length: Number(n) }, item);
  const simple = (info) => {
    switch (info) {
      case 20: return false;
      case 21: return true;
      case 22: case 23: return null;
      case 25: return new Float(half(Number(length(25))));
      case 26: at += 4; return new Float(view.getFloat32(at - 4));
      case 27: at += 8; return new Float(view.getFloat64(at - 8));
    }
    throw new Error(`CBOR: simple value ${info}`);
  };
  const value = () => {
    const first = view.getUint8(at++), info = first & 31;
    switch (first >> 5) {
      case 0: return length(info);
      case 1: return -1n - length(info);
      case 2: return take(Number(length(info)));
      case 3: return text.decode(take(Number(length(info))));
      case 4: return many(length(info), value);
      case 5: return new Map(many(length(info), () => [value(), value()]));
      case 6: return new Tagged(Number(length(info)), value());
    }
    return simple(info);
  };
  return value();
}

function half(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

// json writes a value as a server does for `Accept: application/json`.
export function json(v) {
  if (v === null || typeof v === 'boolean' || typeof v === 'string' || typeof v === 'number') return JSON.stringify(v);
  if (typeof v === 'bigint') return String(v);
  if (v instanceof Float) return Number.isFinite(v.n) ? decimal(v.n) : 'null';
  if (v instanceof Uint8Array) return `[${v}]`;
  if (Array.isArray(v)) return `[${v.map(json)}]`;
  if (v instanceof Map) return `{${[...v].map(([k, x]) => `${JSON.stringify(k)}:${json(x)}`)}}`;
  if (!(v instanceof Tagged)) return json(new Map(Object.entries(v)));
  if (shapes[v.tag]) return `{"type":"${shapes[v.tag]}","coordinates":${json(coordinates(v))}}`;
  switch (v.tag) {
    case NONE: return 'null';
    case SET: return json(v.value);
    case COLLECTION: return `{"type":"GeometryCollection","geometries":${json(v.value)}}`;
    case TABLE: case DECIMAL: return JSON.stringify(v.value);
    case DATETIME: return JSON.stringify(datetime(v.value));
    case UUID: return JSON.stringify(uuid(v.value));
  }
  return JSON.stringify(sql(v));
}

// decimal keeps a float a float, and the sign of zero.
const decimal = (n) => Object.is(n, -0) ? '-0.0' : Number.isInteger(n) && !/e/.test(n) ? `${n}.0` : String(n);

const coordinates = (v) => v.value.map((x) => x instanceof Tagged && shapes[x.tag] ? coordinates(x) : x);

// sql writes a value as the engine prints it inside a record id or a range.
function sql(v) {
  if (v === null) return 'NULL';
  if (typeof v === 'string') return quoted(v);
  if (typeof v === 'boolean' || typeof v === 'bigint') return String(v);
  if (v instanceof Float) return Number.isFinite(v.n) ? `${Object.is(v.n, -0) ? '-0' : v.n}f` : String(v.n);
  if (v instanceof Uint8Array) return `b"${Buffer.from(v).toString('hex').toUpperCase()}"`;
  if (Array.isArray(v)) return `[${v.map(sql).join(', ')}]`;
  if (v instanceof Map) return v.size ? `{ ${[...v].map(([k, x]) => `${key(k)}: ${sql(x)}`).join(', ')} }` : '{  }';
  if (v.tag === 88) return `(${v.value.map(sql).join(', ')})`;
  switch (v.tag) {
    case NONE: return 'NONE';
    case TABLE: return name(v.value);
    case RECORD: return `${name(v.value[0])}:${id(v.value[1])}`;
    case DECIMAL: return `${v.value}dec`;
    case DATETIME: return `d'${datetime(v.value)}'`;
    case DURATION: return duration(v.value);
    case UUID: return `u'${uuid(v.value)}'`;
    case FILE: return `f"${v.value.map((part) => part.replace(/[^\w\-./]/g, '\\$&')).join(':')}"`;
    case SET: return v.value.length > 1 ? `{${v.value.map(sql).join(', ')}}` : `{${v.value.map(sql)},}`;
    case RANGE: return range(v.value, sql);
  }
  return json(v);
}

function range([from, to], print) {
  const start = from === null ? '' : print(from.value) + (from.tag === EXCLUDED ? '>' : '');
  return `${start}..${to === null ? '' : (to.tag === INCLUDED ? '=' : '') + print(to.value)}`;
}

const ticked = (s) => `\`${s.replace(/[\\`]/g, '\\$&')}\``;
const name = (s) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(s) ? s : ticked(s);
const key = (s) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(s) ? s : `"${s.replace(/[\\"]/g, '\\$&')}"`;
const id = (v) => typeof v === 'string' ? (/^\w+$/.test(v) && /\D/.test(v.replaceAll('_', '')) ? v : ticked(v))
  : v instanceof Tagged && v.tag === RANGE ? range(v.value, id) : sql(v);

function quoted(s) {
  const quote = s.includes("'") ? '"' : "'";
  const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b' };
  return quote + s.replace(/[\\\n\r\t\f\b"]/g, (c) => named[c] ?? (c === '"' && quote === "'" ? c : `\\${c}`)) + quote;
}

function datetime([seconds, nanos]) {
  const s = new Date(Number(seconds) * 1000).toISOString().replace(/^([+-])0*(\d{4,6}-)/, '$1$2').replace(/\.\d+Z$/, '');
  return s + fraction(Number(nanos)) + 'Z';
}

const fraction = (nanos) => nanos === 0 ? '' : '.' + String(nanos).padStart(9, '0').replace(/(000000|000)$/, '');

function duration([seconds = 0n, nanos = 0n]) {
  let out = '', s = BigInt(seconds), n = BigInt(nanos);
  for (const [unit, size] of [['y', 31536000n], ['w', 604800n], ['d', 86400n], ['h', 3600n], ['m', 60n], ['s', 1n]]) {
    if (s / size) out += `${s / size}${unit}`;
    s %= size;
  }
  for (const [unit, size] of [['ms', 1000000n], ['µs', 1000n], ['ns', 1n]]) {
    if (n / size) out += `${n / size}${unit}`;
    n %= size;
  }
  return out || '0ns';
}

const uuid = (b) => Buffer.from(b).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
