// SPDX-License-Identifier: Apache-2.0

//go:build linux

package repl_test

// This file drives the real program on a pseudo-terminal, as a person would. How a terminal tells what it holds is Linux's own.

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/cli"
)

// childVariable makes this test binary play harmonyscript.
const childVariable = "HARMONYSCRIPT_REPL_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(cli.Main(cli.SystemStreams(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// terminal is harmonyscript running on a pseudo-terminal.
type terminal struct {
	t *testing.T
	// device is the person's end, line the program's.
	device, line *os.File
	command      *exec.Cmd
	ended        chan error

	mutex  sync.Mutex
	screen strings.Builder
	// seen is how much of the screen the test has looked at.
	seen int
}

// startTerminal starts `harmonyscript repl` with the arguments. state is the folder that keeps the history.
func startTerminal(t *testing.T, state string, arguments ...string) *terminal {
	t.Helper()
	// Nobody answers the editor's question for the place of the cursor.
	inputrc := filepath.Join(t.TempDir(), "inputrc")
	if err := os.WriteFile(inputrc, []byte("set cursor-position-probe off\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, command: exec.Command(program, append([]string{"repl"}, arguments...)...), ended: make(chan error, 1)}
	term.command.Env = append(os.Environ(), childVariable+"=1", "XDG_STATE_HOME="+state, "INPUTRC="+inputrc, "TERM=xterm",
		"KUBECONFIG="+filepath.Join(state, "none"))
	if term.device, term.line, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = term.line.Close()
		_ = term.device.Close()
	})
	if err := pty.Setsize(term.device, &pty.Winsize{Rows: 50, Cols: 160}); err != nil {
		t.Fatal(err)
	}
	term.command.Stdin, term.command.Stdout, term.command.Stderr = term.line, term.line, term.line
	term.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = term.command.Process.Kill() })
	go func() { term.ended <- term.command.Wait() }()
	go func() {
		chunk := make([]byte, 4096)
		for {
			n, err := term.device.Read(chunk)
			term.mutex.Lock()
			term.screen.Write(chunk[:n])
			term.mutex.Unlock()
			if err != nil {
				return
			}
		}
	}()
	term.expect("Ctrl-D leaves")
	return term
}

var escapes = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])`)

// text is what was written to the terminal since the test looked last, without colours and cursor movements.
func (term *terminal) text() string {
	term.mutex.Lock()
	defer term.mutex.Unlock()
	return escapes.ReplaceAllString(term.screen.String()[term.seen:], "")
}

// press sends keys no faster than a person types, each when the editor has read the one before: it takes keys that come at once for
// one sequence, and drops what was typed beyond the end of a line.
func (term *terminal) press(keys ...string) {
	term.t.Helper()
	for _, key := range keys {
		term.await(term.isEditing, "an editor that waits for a key")
		term.send(key)
		time.Sleep(30 * time.Millisecond)
	}
}

// send sends a key whatever the program does.
func (term *terminal) send(key string) {
	term.t.Helper()
	if _, err := term.device.WriteString(key); err != nil {
		term.t.Fatal(err)
	}
}

// isEditing reports whether the line editor has the terminal, and has read all that was typed.
func (term *terminal) isEditing() bool {
	term.t.Helper()
	descriptor := int(term.line.Fd())
	mode, err := unix.IoctlGetTermios(descriptor, unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	unread, err := unix.IoctlGetInt(descriptor, unix.TIOCINQ)
	if err != nil {
		term.t.Fatal(err)
	}
	return mode.Lflag&unix.ICANON == 0 && unread == 0
}

// patience only ends what would never come.
const patience = 5 * time.Minute

// await waits until look is satisfied.
func (term *terminal) await(look func() bool, what string) {
	term.t.Helper()
	for deadline := time.Now().Add(patience); !look(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			term.t.Fatalf("got no %s; on the terminal\n%s", what, term.text())
		}
	}
}

// expect waits until all wanted texts have been written, and looks at what comes after from then on.
func (term *terminal) expect(want ...string) {
	term.t.Helper()
	for _, w := range want {
		term.await(func() bool { return strings.Contains(term.text(), w) }, strconv.Quote(w))
	}
	// The rest of what was drawn together with it is no answer to the keys that follow.
	time.Sleep(50 * time.Millisecond)
	term.mutex.Lock()
	term.seen = term.screen.Len()
	term.mutex.Unlock()
}

// leave presses Ctrl-D and waits for the end of the program.
func (term *terminal) leave() {
	term.t.Helper()
	term.press(ctrlD)
	term.wait(0)
}

func (term *terminal) wait(code int) {
	term.t.Helper()
	select {
	case err := <-term.ended:
		if got := term.command.ProcessState.ExitCode(); got != code {
			term.t.Errorf("got exit code %d (%v), want %d", got, err, code)
		}
	case <-time.After(patience):
		term.t.Fatalf("got no end of the program, want one; on the terminal\n%s", term.text())
	}
}

const (
	enter = "\r"
	tab   = "\t"
	up    = "\x1b[A"
	ctrlC = "\x03"
	ctrlD = "\x04"
)

func TestTerminalCompletes(t *testing.T) {
	term := startTerminal(t, t.TempDir())
	term.press("c = disc", tab, "(", tab)
	term.expect("c = discord(", "webhook_url=", "(required) secret: Address of the webhook", "send_resolved=")
	term.press("name=\"web\", webhook_u", tab)
	term.expect("webhook_url=")
	term.press("secr", tab, "(env=\"D\"))", enter, "c.webh", tab, enter)
	term.expect(`secret(env = "D")`)
	term.press("c.repl", tab, "(na", tab, "\"other\")", enter)
	term.expect(`discord(name = "other", webhook_url = secret(env = "D"))`)
	term.leave()
}

func TestTerminalMultipleLines(t *testing.T) {
	term := startTerminal(t, t.TempDir())
	term.press("def twice(x):", enter, tab, "return 2 * x", enter)
	term.press(enter, "twice(", enter, "21", enter, ")", enter)
	term.expect("\r\n42\r\n")
	term.press("twice(\"ab\")", enter)
	term.expect(`"abab"`)
	term.press("twice(", enter, ctrlC, "twice(1)", enter)
	term.expect("\r\n2\r\n")
	term.leave()
}

func TestTerminalCtrlCInterruptsEvaluation(t *testing.T) {
	term := startTerminal(t, t.TempDir(), "--max-steps", "1000000000000000", "--max-script-time", "1h")
	term.press("half a line", ctrlC)
	term.press("def forever():", enter, tab, "print(\"begin\")", enter, tab, "for a in range(1000000):", enter, tab, tab, "for b in range(1000000):", enter, tab, tab, tab, "pass", enter, enter)
	term.press("forever()", enter)
	term.expect("\r\nbegin\r\n")
	term.send(ctrlC)
	term.expect("cancelled before its end", ":2:1")
	term.press("40 + 2", enter)
	term.expect("\r\n42\r\n")
	term.leave()
}

func TestTerminalTerminate(t *testing.T) {
	term := startTerminal(t, t.TempDir())
	if err := term.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	term.press("40 + 2", enter)
	term.expect("\r\n42\r\n")
	if err := term.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	term.wait(130)
}

func TestTerminalHistory(t *testing.T) {
	state := t.TempDir()
	first := startTerminal(t, state)
	first.press("x = 40", enter, "x + 2", enter)
	first.expect("\r\n42\r\n")
	first.press(`discord(name = "a", webhook_url = "https://discord.com/api/webhooks/1/hidden")`, enter)
	first.expect("plain-secret")
	first.leave()

	second := startTerminal(t, state)
	second.press(up, up)
	second.expect("x = 40")
	second.press(enter, up, up, enter)
	second.expect("\r\n42\r\n")
	second.press("quit()", enter)
	second.wait(0)

	path := filepath.Join(state, "harmonyscript", "history")
	content, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(content), "hidden") || !strings.Contains(string(content), "x = 40") {
		t.Errorf("history file: got %q, %v, want the chunks without the secret", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("history file: got mode %v, %v, want 0600", info.Mode(), err)
	}
}
