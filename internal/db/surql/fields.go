package surql

import "bytes"

// Fields calls f with each field of a row as printed, until f returns false.
func Fields(row []byte, f func(key, value []byte) bool) error {
	v := Values{row: row}
	for i := 1; i < len(row); {
		switch c := row[i]; {
		case c == ' ' || c == ',':
			i++
			continue
		case c == '}':
			return nil
		}
		at, err := v.keyEnd(i)
		if err != nil {
			return err
		}
		end, err := v.fieldEnd(at)
		if err != nil {
			return err
		}
		if !f(row[i:at-1], bytes.TrimSpace(row[at:end])) {
			return nil
		}
		i = end
	}
	return v.bad(len(row))
}

// fieldEnd returns where the value that begins at i ends: at the comma behind
// it, or at the row's last brace.
func (v *Values) fieldEnd(i int) (int, error) {
	for i < len(v.row) {
		switch c := v.row[i]; {
		case c == ',' || c == '}':
			return i, nil
		case classes[c] == open:
			n, err := v.skip(i)
			if err != nil {
				return 0, err
			}
			i = n
		case classes[c] == quote || c == '/': // a regex; no value is divided
			n := quotedLen(v.row[i:])
			if n == 0 {
				return 0, v.bad(i)
			}
			i += n
		case bytes.HasPrefix(v.row[i:], []byte(angleOpen)):
			n, more := angleLen(v.row[i:])
			if more {
				return 0, v.bad(i)
			}
			i += n
		default:
			i++
		}
	}
	return 0, v.bad(i)
}
