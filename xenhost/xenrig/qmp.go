package xenrig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// monitor talks to QEMU's monitor (QMP): a line of JSON for each request, and one for the answer.
type monitor struct {
	mu  sync.Mutex
	in  *json.Decoder
	out io.Writer
}

type answer struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
}

func newMonitor(in io.Reader, out io.Writer) (*monitor, error) {
	m := &monitor{in: json.NewDecoder(in), out: out}
	var greeting json.RawMessage
	if err := m.in.Decode(&greeting); err != nil {
		return nil, fmt.Errorf("QEMU's monitor: %w", err)
	}
	return m, m.do("qmp_capabilities", nil, nil)
}

// do makes a request and puts its answer into result, if that is not nil.
func (m *monitor) do(what string, arguments map[string]any, result any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	request := map[string]any{"execute": what}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(m.out).Encode(request); err != nil {
		return fmt.Errorf("QEMU's monitor: %w", err)
	}
	for {
		var a answer
		switch err := m.in.Decode(&a); {
		case err != nil:
			return fmt.Errorf("QEMU's monitor: %w", err)
		case a.Error != nil:
			return errors.New("QEMU: " + a.Error.Description)
		case a.Return == nil: // something happened, unasked
		case result == nil:
			return nil
		default:
			return json.Unmarshal(a.Return, result)
		}
	}
}
