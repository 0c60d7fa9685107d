// SPDX-License-Identifier: Apache-2.0

// This file gives a test its own deployment, a proxy in front of the API server, and the program to run.

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// tenants is what most tests deploy: objects that are what they should be as soon as they are stored, so that nothing has to
// be waited for. The namespace NAME-old exists before.
const tenants = `name = param("name", default = "tenants")
pods = param("pods", default = "5")
isolated = param("isolated", default = True)
deploy(
    tenant(name = name + "-new", quota = {"pods": pods}, admins = ["group:" + name]),
    tenant(
        name = name + "-old",
        quota = {"pods": pods},
        network = "isolated" if isolated else "open",
    ),
    name = name,
)
`

// The places in tenants that diagnostics point to.
const (
	newTenant = "tenants.star:5:5"
	oldTenant = "tenants.star:6:5"
)

// world is one test's part of the cluster.
type world struct {
	t     testing.TB
	proxy *faultproxy.Proxy
	// admin goes to the API server directly.
	admin *cluster.Client
	// name is the deployment's, and what its namespaces' names begin with.
	name string
	// kubeconfig is one for the proxy.
	kubeconfig string
	folder     string
	// environment is what the program has besides the usual.
	environment []string
	// before is what belonged to others in the beginning.
	before string
}

var worlds atomic.Int64

// newWorld makes the surroundings of a deployment of tenants.star: a namespace with somebody's things in it among them.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAt(t, faultproxy.Options{})
}

// newWorldAt makes a deployment's surroundings. files are put into the folder that the program runs in, by name and content; none
// means tenants.star.
func newWorldAt(t testing.TB, o faultproxy.Options, files ...string) *world {
	t.Helper()
	admin, err := cluster.Connect(cluster.Options{Kubeconfig: kubeconfig(t)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, proxy: faultproxy.Start(t, kubeconfig(t), o), admin: admin, folder: t.TempDir(),
		name: fmt.Sprintf("f%d-%d", time.Now().Unix()%100000, worlds.Add(1)),
	}
	w.kubeconfig = w.proxy.Kubeconfig(nil)
	if len(files) == 0 {
		files = []string{"tenants.star", tenants}
	}
	for n := 0; n+1 < len(files); n += 2 {
		if err := os.WriteFile(filepath.Join(w.folder, files[n]), []byte(files[n+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.makeSystem()
	w.makeOld()
	w.before = w.theirs()
	return w
}

// programFolder is where the program is, once it has been called.
var programFolder string

// program returns the path by which the program is called.
var program = sync.OnceValues(func() (string, error) {
	target := os.Getenv(programVariable)
	if target == "" {
		var err error
		if target, err = os.Executable(); err != nil {
			return "", err
		}
	}
	folder, err := os.MkdirTemp("", "harmonyscript-faults-")
	if err != nil {
		return "", err
	}
	programFolder = folder
	path := filepath.Join(folder, programName)
	return path, os.Symlink(target, path)
})

// result is how a run of the program ended.
type result struct {
	// code is the exit code; -1 for a process that was killed.
	code        int
	out, errors string
	took        time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d after %s\n--- stdout\n%s--- stderr\n%s", r.code, r.took.Round(time.Millisecond), r.out, r.errors)
}

// process is a run of the program that goes on.
type process struct {
	w       *world
	command *exec.Cmd
	started time.Time
	out     sandboxtest.Output
	errors  sandboxtest.Output
}

// start starts the program with a verb, the world's kubeconfig and more arguments.
func (w *world) start(arguments ...string) *process {
	w.t.Helper()
	p := &process{w: w}
	p.prepare(arguments)
	p.begin()
	return p
}

func (p *process) prepare(arguments []string) {
	p.w.t.Helper()
	path, err := program()
	if err != nil {
		p.w.t.Fatal(err)
	}
	arguments = append([]string{arguments[0], "--kubeconfig", p.w.kubeconfig}, arguments[1:]...)
	p.command = exec.Command(path, arguments...)
	p.command.Dir = p.w.folder
	p.command.Env = append([]string{
		"HOME=" + p.w.folder, "XDG_CACHE_HOME=" + filepath.Join(p.w.folder, ".cache"), "PATH=" + os.Getenv("PATH"), "NO_COLOR=1", "GORACE=" + os.Getenv("GORACE"),
		"TICKETS_URL=https://tickets.example.com/MARKER-VALUE",
	}, p.w.environment...)
	p.command.Stdout, p.command.Stderr = &p.out, &p.errors
}

func (p *process) begin() {
	p.w.t.Helper()
	p.started = time.Now()
	if err := p.command.Start(); err != nil {
		p.w.t.Fatal(err)
	}
}

// wait waits until the program has ended.
func (p *process) wait() result {
	p.w.t.Helper()
	err := p.command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.w.t.Fatal(err)
	}
	r := result{code: p.command.ProcessState.ExitCode(), out: p.out.String(), errors: p.errors.String(), took: time.Since(p.started)}
	for _, never := range []string{"MARKER-VALUE", "goroutine ", "panic:", "this is a bug"} {
		if strings.Contains(r.out+r.errors, never) {
			p.w.t.Errorf("got %q in the output:\n%s", never, r)
		}
	}
	return r
}

// kill ends the process as nothing else can: it has no time for a last word.
func (p *process) kill() { _ = p.command.Process.Signal(syscall.SIGKILL) }

// interrupt does what Ctrl-C does.
func (p *process) interrupt() {
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		p.w.t.Error(err)
	}
}

// await waits until the output has text.
func (p *process) await(output fmt.Stringer, text string) {
	p.w.t.Helper()
	eventually(p.w.t, func() error {
		if strings.Contains(output.String(), text) {
			return nil
		}
		return fmt.Errorf("got no %q yet in %q", text, output.String())
	})
}

// reach waits until the program has come to a place, and fails when it never does.
func (p *process) reach(place <-chan struct{}) {
	p.w.t.Helper()
	select {
	case <-place:
	case <-time.After(10 * time.Minute):
		p.kill()
		p.w.t.Fatalf("it did not come to where it was to be: %s", p.wait())
	}
}

// patches picks what applies an object.
func patches(r *faultproxy.Request) bool { return faultproxy.Writes(r) && r.Method == http.MethodPatch }

// atFirst does fault to the first request that choice picks. The channel is closed when that comes.
func (w *world) atFirst(choice faultproxy.Choice, fault faultproxy.Fault) (reached <-chan struct{}) {
	came := make(chan struct{})
	w.proxy.On(faultproxy.First(1, choice), func(x *faultproxy.Exchange) {
		close(came)
		fault(x)
	})
	return came
}

// run runs the program to its end.
func (w *world) run(arguments ...string) result {
	w.t.Helper()
	return w.start(arguments...).wait()
}

// apply is the command line that deploys tenants.star.
func (w *world) apply(more ...string) []string {
	return append([]string{"apply", "--set", "name=" + w.name, "tenants.star"}, more...)
}

// mustEnd fails the test unless the run ended with code, and its output has every text.
func (w *world) mustEnd(r result, code int, texts ...string) {
	w.t.Helper()
	whole := r.out + r.errors
	for _, text := range texts {
		if !strings.Contains(whole, text) {
			w.t.Errorf("got no %q in the output", text)
			code = -2
		}
	}
	if r.code != code {
		w.t.Fatalf("want exit code %d and %q, got %s", code, texts, r)
	}
}

// mustConverge runs an undisturbed command and wants it done, and the same command after it to write nothing.
func (w *world) mustConverge(arguments ...string) {
	w.t.Helper()
	w.proxy.Heal()
	if r := w.run(arguments...); r.code != 0 {
		w.t.Fatalf("%s does not converge: %s", strings.Join(arguments, " "), r)
	}
	w.proxy.Heal()
	r := w.run(arguments...)
	if writes := w.proxy.Count(faultproxy.Writes); r.code != 0 || writes != 0 {
		w.t.Fatalf("%s after it had converged: got %d writes, want none: %s\n%v", strings.Join(arguments, " "), writes, r, w.proxy.Requests())
	}
}

// request sends one request as somebody else on the cluster, and returns the status and the answer.
func (w *world) request(method, path, contentType, body string) (int, string) {
	w.t.Helper()
	status, answer, err := send(w.admin, method, path, contentType, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return status, answer
}

// must sends a request that must not be refused.
func (w *world) must(method, path, body string) string {
	w.t.Helper()
	contentType := "application/yaml"
	switch method {
	case http.MethodPatch:
		contentType = "application/merge-patch+json"
	case "APPLY":
		method, contentType = http.MethodPatch, "application/apply-patch+yaml"
	}
	status, answer := w.request(method, path, contentType, body)
	if status >= 400 {
		w.t.Fatalf("%s %s: got %d: %s", method, path, status, answer)
	}
	return answer
}

// makeSystem makes the namespace of records and locks, unless another test has: the first run of all would make it, which takes
// requests that no other run sends.
func (w *world) makeSystem() {
	w.t.Helper()
	status, answer := w.request(http.MethodPost, "/api/v1/namespaces", "application/yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: "+inventory.DefaultNamespace+"}}")
	if status >= 400 && status != http.StatusConflict {
		w.t.Fatalf("namespace %s: got %d: %s", inventory.DefaultNamespace, status, answer)
	}
}

// makeOld makes the namespace that exists before, with somebody's things in it.
func (w *world) makeOld() {
	w.t.Helper()
	w.must(http.MethodPost, "/api/v1/namespaces?fieldManager=someone", fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s-old, labels: {theirs: kept}}}", w.name))
	w.must(http.MethodPost, "/api/v1/namespaces/"+w.name+"-old/configmaps?fieldManager=someone", "{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs}, data: {key: value}}")
	w.must(http.MethodPost, "/apis/networking.k8s.io/v1/namespaces/"+w.name+"-old/networkpolicies?fieldManager=someone", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: theirs}, spec: {podSelector: {}}}")
}

// lease returns the lock of the deployment, "" when there is none.
func (w *world) lease() string {
	w.t.Helper()
	status, answer := w.request(http.MethodGet, w.leasePath(), "", "")
	if status == http.StatusNotFound {
		return ""
	}
	return answer
}

func (w *world) leasePath() string {
	return "/apis/coordination.k8s.io/v1/namespaces/" + inventory.DefaultNamespace + "/leases/" + w.name
}

func (w *world) inventory() *inventory.Inventory {
	w.t.Helper()
	inv, err := inventory.NewStore(w.admin, "").Load(context.Background(), w.name)
	if err != nil {
		w.t.Fatal(err)
	}
	return inv
}

// eventually waits until check has nothing to say.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	within(t, 2*time.Minute, check)
}

func within(t testing.TB, limit time.Duration, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
