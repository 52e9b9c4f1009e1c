package launch

import (
	"fmt"
	"strings"
)

// Line makes the command line of a guest of words.
func Line(words []string) (string, error) {
	quoted := make([]string, len(words))
	for i, w := range words {
		switch {
		case strings.ContainsAny(w, "\x00\n"):
			return "", fmt.Errorf("%q cannot be part of a guest's command line", w)
		case w != "" && !strings.ContainsAny(w, " \t'\""):
			quoted[i] = w
		case !strings.Contains(w, "'"):
			quoted[i] = "'" + w + "'"
		default:
			// Quotes of one kind stand within the other.
			parts := strings.Split(w, "'")
			for j, p := range parts {
				parts[j] = "'" + p + "'"
			}
			quoted[i] = strings.Join(parts, `"'"`)
		}
	}
	line := strings.Join(quoted, " ")
	if len(line) > maxLine {
		return "", fmt.Errorf("a guest's command line has at most %d characters, not %d", maxLine, len(line))
	}
	return line, nil
}

// maxLine is as much as guests read; see package pvh.
const maxLine = 2000
