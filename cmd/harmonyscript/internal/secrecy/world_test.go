// SPDX-License-Identifier: Apache-2.0

// This file gives a test folders of its own, secrets, and the program, whose every word is searched.

package secrecy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

// world is one test's part of the machine and of the cluster.
type world struct {
	t testing.TB
	// name is the deployment's and its tenant's.
	name string
	// folder is where the program runs; temporary, home and state are the other folders that it may write to.
	folder, temporary, home, state string
	// kubeconfig is that of the cluster; empty when there is none.
	kubeconfig string
	// inputs are the files of the test that hold secrets on purpose.
	inputs []string
	// more is what the program has in its environment besides the usual.
	more []string

	mutex sync.Mutex
	// ran are the calls so far: the arguments, joined.
	ran []string
}

var worlds atomic.Int64

// newWorld makes the surroundings of a test. files are put into the folder that the program runs in, by name and content.
func newWorld(t testing.TB, files ...string) *world {
	t.Helper()
	root := t.TempDir()
	w := &world{
		t: t, name: fmt.Sprintf("s%d-%d", time.Now().Unix()%100000, worlds.Add(1)),
		folder: filepath.Join(root, "work"), temporary: filepath.Join(root, "tmp"), home: filepath.Join(root, "home"), state: filepath.Join(root, "state"),
	}
	for _, folder := range []string{w.folder, w.temporary, w.home, w.state} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.input("file.txt", secrets()["file.txt"]+"\n")
	for n := 0; n+1 < len(files); n += 2 {
		w.write(files[n], files[n+1])
	}
	return w
}

// onCluster gives the world a cluster, with a namespace that has the Secret that scripts name.
func (w *world) onCluster(kubeconfig string) *world {
	w.t.Helper()
	w.kubeconfig = kubeconfig
	w.must(http.MethodPost, "/api/v1/namespaces", fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}", w.name))
	w.t.Cleanup(func() { w.request(http.MethodDelete, "/api/v1/namespaces/"+w.name, "", "") })
	w.must(http.MethodPost, "/api/v1/namespaces/"+w.name+"/secrets", fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: hooks}, stringData: {url: %q, unreadable: %q}}", secrets()["cluster"], secrets()["UNREADABLE"]))
	return w
}

// write puts a file into the folder.
func (w *world) write(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// read returns a file of the folder.
func (w *world) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.folder, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// input is write for a file that holds secrets on purpose.
func (w *world) input(name, content string) {
	w.t.Helper()
	w.inputs = append(w.inputs, w.write(name, content))
}

// environment is what the program has.
func (w *world) environment() []string {
	all := []string{
		"HOME=" + w.home, "XDG_CACHE_HOME=" + filepath.Join(w.home, ".cache"), "XDG_STATE_HOME=" + w.state, "TMPDIR=" + w.temporary,
		"PATH=" + os.Getenv("PATH"), "NO_COLOR=1", "GORACE=" + os.Getenv("GORACE"), "HARMONYSCRIPT_HELM_CHART=" + chartFolder(w.t),
		"KUBECONFIG=" + w.kubeconfig, "HARMONYSCRIPT_SANDBOX_BIN=" + sandboxProgram(), "HARMONYSCRIPT_SANDBOX_DIR=" + filepath.Join(w.state, "sandbox"),
	}
	for name, value := range secrets() {
		if name == strings.ToUpper(name) {
			all = append(all, name+"="+value)
		}
	}
	return append(all, w.more...)
}

// sandboxProgram is the path of the sandbox's program. Where it is not built, the verbs that need it say so.
func sandboxProgram() string {
	program, err := sandboxtest.Program()
	if err != nil {
		return "none"
	}
	return program
}

// chartFolder is the chart that stands for the official one.
func chartFolder(t testing.TB) string {
	folder, err := filepath.Abs("../../../../testdata/charts/kube-prometheus-stack")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// result is how a run of the program ended.
type result struct {
	call        string
	code        int
	out, errors string
}

func (r result) String() string {
	return fmt.Sprintf("harmonyscript %s: exit code %d\n--- stdout\n%s--- stderr\n%s", r.call, r.code, r.out, r.errors)
}

// process is a run that goes on.
type process struct {
	w           *world
	command     *exec.Cmd
	call        string
	out, errors sandboxtest.Output
}

// start starts the program. input is what it reads.
func (w *world) start(input string, arguments ...string) *process {
	w.t.Helper()
	p := &process{w: w, call: strings.Join(arguments, " "), command: exec.Command(filepath.Join(programFolder, programName), arguments...)}
	p.command.Dir, p.command.Env, p.command.Stdin = w.folder, w.environment(), strings.NewReader(input)
	p.command.Stdout, p.command.Stderr = &p.out, &p.errors
	if err := p.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.note(p.call)
	return p
}

// note remembers a call.
func (w *world) note(call string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.ran = append(w.ran, call)
}

// wait waits for the end, and searches what was said.
func (p *process) wait() result {
	p.w.t.Helper()
	err := p.command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.w.t.Fatal(err)
	}
	r := result{call: p.call, code: p.command.ProcessState.ExitCode(), out: p.out.String(), errors: p.errors.String()}
	if where := found([]byte(r.out + r.errors)); where != "" {
		p.w.t.Errorf("harmonyscript %s (exit code %d) told a secret: %s", r.call, r.code, where)
	}
	for _, never := range []string{"goroutine ", "panic:", "this is a bug"} {
		if strings.Contains(r.out+r.errors, never) {
			p.w.t.Errorf("got %q in the output of %s", never, r)
		}
	}
	return r
}

// run runs the program to its end.
func (w *world) run(arguments ...string) result {
	w.t.Helper()
	return w.start("", arguments...).wait()
}

// mustRun is run for a call that has to end with code, and to say all texts.
func (w *world) mustRun(code int, arguments []string, texts ...string) {
	w.t.Helper()
	w.mustEnd(w.run(arguments...), code, texts...)
}

func (w *world) mustEnd(r result, code int, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.out+r.errors, text) {
			w.t.Errorf("got no %q in the output", text)
			code = -1
		}
	}
	if r.code != code {
		w.t.Fatalf("want exit code %d and %q, got %s", code, texts, r)
	}
}

// searchFiles looks at every file that is there after the runs, but for those that hold secrets on purpose.
func (w *world) searchFiles() {
	w.t.Helper()
	root := filepath.Dir(w.folder)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains(w.inputs, path) {
			return err
		}
		if strings.HasPrefix(entry.Name(), "core") {
			w.t.Errorf("%s: got a core dump", path)
		}
		content, err := os.ReadFile(path)
		if where := found(content); where != "" {
			w.t.Errorf("file %s holds a secret: %s", path, where)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	left, err := os.ReadDir(w.temporary)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range left {
		w.t.Errorf("got %s in the folder for temporary files, want it removed", entry.Name())
	}
}

// clients are the connections of request, by the server's address.
var clients sync.Map

// request sends one request to the cluster, past the engine, and returns the status and the answer.
func (w *world) request(method, path, contentType, body string) (int, []byte) {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.kubeconfig)
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := sandboxtest.Client(config)
	if err != nil {
		w.t.Fatal(err)
	}
	shared, _ := clients.LoadOrStore(config.Host, made)
	client := shared.(*http.Client) //nolint:forcetypeassert // it holds no others
	request, err := http.NewRequestWithContext(context.Background(), method, strings.TrimSuffix(config.Host, "/")+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, content
}

// must is request for one that must not be refused.
func (w *world) must(method, path, body string) []byte {
	w.t.Helper()
	contentType := "application/yaml"
	if method == http.MethodPatch {
		contentType = "application/merge-patch+json"
	}
	status, answer := w.request(method, path, contentType, body)
	if status >= 400 {
		w.t.Fatalf("%s %s: got %d: %s", method, path, status, answer)
	}
	return answer
}

// eventually waits until check has nothing to say.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
