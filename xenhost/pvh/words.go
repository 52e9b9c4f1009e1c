package pvh

// Words splits a command line in place: words end with 0, quotes of both kinds keep spaces
// together and are removed. Line must have room for one byte after n. It answers how many bytes are in use.
func Words(line []byte, n int) int {
	out, quote, inside := 0, byte(0), false
	for _, c := range line[:n] {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			line[out] = c
			out++
		case c == '\'' || c == '"':
			quote, inside = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inside {
				line[out] = 0
				out++
			}
			inside = false
		default:
			line[out] = c
			out++
			inside = true
		}
	}
	if inside {
		line[out] = 0
		out++
	}
	return out
}

// IsVariable tells whether a word sets an environment variable: NAME=value, with a name of
// capitals, digits and underscores.
func IsVariable(word []byte) bool {
	for i, c := range word {
		switch {
		case c == '=':
			return i > 0
		case c >= 'A' && c <= 'Z', c == '_', i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return false
}
