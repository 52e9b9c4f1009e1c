package launch

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const ownVariable = "SISTA_TEST_OWN"

// TestOwnEnds kills a process that has started an emulator of its own, which ends too.
func TestOwnEnds(t *testing.T) {
	if os.Getenv(ownVariable) != "" { // this is that process
		c := exec.Command("sleep", "600")
		if _, err := StartOwn(c); err != nil {
			t.Fatal(err)
		}
		fmt.Println("started", c.Process.Pid)
		time.Sleep(time.Hour)
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestOwnEnds$")
	parent.Env = append(os.Environ(), ownVariable+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_ = parent.Process.Kill()
	_ = parent.Wait() // it was killed
	pid, ok := strings.CutPrefix(strings.TrimSpace(line), "started ")
	if err != nil || !ok {
		t.Fatalf("%v: %q", err, line)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if _, rest, _ := strings.Cut(string(stat), ") "); err != nil || strings.HasPrefix(rest, "Z") {
			return // nobody may have waited for it yet
		}
		if time.Now().After(end) {
			t.Fatalf("it goes on: %s", stat)
		}
	}
}
