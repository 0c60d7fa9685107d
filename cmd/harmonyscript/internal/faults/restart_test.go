// SPDX-License-Identifier: Apache-2.0

// This file restarts a real API server in the middle of runs.

package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// apiServer is a second API server of the sandbox, in front of the same store, so that it can be killed without harm to
// other tests.
type apiServer struct {
	t         *testing.T
	program   string
	arguments []string
	folder    string
	url       string
	log       sandboxtest.Output

	mutex   sync.Mutex
	running *exec.Cmd
}

// startAPIServer starts one with the flags of the sandbox's own.
func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	program, err := sandboxtest.Program()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(program, "status", "--state", filepath.Dir(kubeconfig(t)), "--output", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Components []struct {
			Name string
			PID  int
		}
	}
	if err := json.Unmarshal(output, &state); err != nil {
		t.Fatal(err)
	}
	s := &apiServer{t: t, folder: t.TempDir()}
	for _, component := range state.Components {
		if component.Name != "kube-apiserver" {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", component.PID))
		if err != nil {
			t.Skip("the flags of the sandbox's API server cannot be read here: ", err)
		}
		parts := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
		s.program, s.arguments = parts[0], parts[1:]
	}
	port := reservePort(t)
	for n, argument := range s.arguments {
		if strings.HasPrefix(argument, "--secure-port=") {
			s.arguments[n] = fmt.Sprintf("--secure-port=%d", port)
		}
	}
	s.url = fmt.Sprintf("https://127.0.0.1:%d", port)
	s.start()
	t.Cleanup(func() { s.end(syscall.SIGKILL) })
	s.awaitReady()
	return s
}

// reservePort returns a port of loopback that nobody else is given until the test ends, not even while the server that uses it is
// away: a socket is bound to it that never listens. Whoever names the port may bind to it all the same.
func reservePort(t *testing.T) int {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return address.(*syscall.SockaddrInet4).Port //nolint:forcetypeassert // it is one
}

// awaitReady waits until the server answers and knows all that it serves.
func (s *apiServer) awaitReady() {
	s.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	config.Host = s.url
	client, err := cluster.NewClient(config, cluster.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	within(s.t, 6*time.Minute, func() error {
		status, answer, err := send(client, "GET", "/readyz", "", "")
		if err == nil && status != 200 {
			err = fmt.Errorf("got %d: %s\n%s", status, answer, s.log.String())
		}
		return err
	})
}

func (s *apiServer) start() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.running = exec.Command(s.program, s.arguments...)
	s.running.Dir, s.running.Env = s.folder, []string{"HOME=" + s.folder, "TMPDIR=" + s.folder, "PATH=/usr/bin:/bin"}
	s.running.Stdout, s.running.Stderr = &s.log, &s.log
	if err := s.running.Start(); err != nil {
		s.t.Error(err)
	}
}

// end ends the server and waits until it is dead.
func (s *apiServer) end(signal os.Signal) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.running == nil || s.running.Process == nil {
		return
	}
	_ = s.running.Process.Signal(signal)
	_ = s.running.Wait()
	s.running = nil
}

// breakAt has the server end, as signal says, when the first request comes that choice picks. That request gets no answer. The
// channel is closed then.
func (s *apiServer) breakAt(w *world, signal os.Signal, choice faultproxy.Choice) (broken <-chan struct{}) {
	ended := make(chan struct{})
	w.proxy.On(faultproxy.First(1, choice), faultproxy.Before(func() {
		s.end(signal)
		close(ended)
	}))
	return ended
}

// becomeSomebody has the program be a user whose rights are those of a binding, which an API server has to read before it knows
// them. The administrator's are in its code.
func (w *world) becomeSomebody() {
	w.t.Helper()
	w.must(http.MethodPost, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %[1]s-somebody}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[1]s-somebody}]
`, w.name))
	w.kubeconfig = w.proxy.Kubeconfig(func(user *clientcmdapi.AuthInfo) { user.Impersonate = w.name + "-somebody" })
	// It takes a moment until the server behind the proxy knows of the binding.
	somebody, err := cluster.Connect(cluster.Options{Kubeconfig: w.kubeconfig})
	if err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, func() error {
		_, err := somebody.GetMetadata(w.t.Context(), backend.ID{Version: "v1", Kind: "Namespace", Name: w.name + "-old"})
		return err
	})
	w.proxy.Heal()
}

const (
	awayText = ": it does not answer ("
	backText = ": it answers again, after "
)

// TestAPIServerRestarts ends the API server in the middle of runs, and starts it again when the user has been told that it is
// waited for: the runs go on and come to their end.
func TestAPIServerRestarts(t *testing.T) {
	t.Parallel()
	kubeconfig(t)
	server := startAPIServer(t)
	newTenants := func(t *testing.T) *world {
		w := newWorldAt(t, faultproxy.Options{Server: server.url})
		return w
	}
	// The namespaces are sent side by side, in no order.
	newNamespace := func(w *world) faultproxy.Choice {
		return func(r *faultproxy.Request) bool {
			return patches(r) && strings.HasSuffix(r.URL.Path, "/namespaces/"+w.name+"-new")
		}
	}
	// How soon a server is back is up to the machine: none of these tests is about giving up.
	patiently := func(w *world, more ...string) []string {
		return w.apply(append([]string{"--unreachable-timeout", "20m"}, more...)...)
	}

	t.Run("apply, killed", func(t *testing.T) {
		w := newTenants(t)
		w.becomeSomebody()
		broken := server.breakAt(w, syscall.SIGKILL, newNamespace(w))
		p := w.start(patiently(w)...)
		p.reach(broken)
		p.await(&p.out, awayText)
		server.start()
		r := p.wait()
		w.mustEnd(r, 0, "API server "+w.proxy.URL()+awayText, "trying again until ", backText, "10 created", "1 adopted")
		if r.errors != "" {
			t.Errorf("got words about what passed: %s", r.errors)
		}
		t.Logf("done after %s", r.took)
		w.mustBeAsUndisturbed()
	})

	t.Run("destroy, asked to end, away until the lock ends", func(t *testing.T) {
		w := newTenants(t)
		w.mustEnd(w.run(w.apply()...), 0)
		broken := server.breakAt(w, syscall.SIGTERM, faultproxy.Method(http.MethodDelete))
		p := w.start("destroy", "--unreachable-timeout", "20m", "--name", w.name)
		p.reach(broken)
		p.await(&p.out, "nothing is written until it is")
		server.start()
		r := p.wait()
		w.mustEnd(r, 0, awayText, "the lock has not been renewed for ", backText)
		t.Logf("done after %s", r.took)
		if lease := w.lease(); lease != "" {
			t.Errorf("the lock stayed: %s", lease)
		}
		w.mustBeAsUndisturbed()
	})

	t.Run("Helm, then a wait", func(t *testing.T) {
		w := newPlatformAt(t, faultproxy.Options{Server: server.url})
		p := &process{w: w}
		byHelm := server.breakAt(w, syscall.SIGKILL, faultproxy.All(faultproxy.Writes, faultproxy.Of("prometheuses")))
		// Helm stores last that it is done.
		waiting := server.breakAt(w, syscall.SIGKILL, faultproxy.All(faultproxy.Behind(faultproxy.All(revision, faultproxy.Method(http.MethodPut))), waited))
		p.prepare(w.platformAt("v1", "--unreachable-timeout", "20m", "--output", "json"))
		p.begin()
		for _, broken := range []<-chan struct{}{byHelm, waiting} {
			before := strings.Count(p.out.String(), `"type":"disconnected"`)
			p.reach(broken)
			eventually(t, func() error {
				if strings.Count(p.out.String(), `"type":"disconnected"`) > before {
					return nil
				}
				return fmt.Errorf("nothing was told yet: %s", p.out.String())
			})
			server.start()
		}
		r := p.wait()
		w.mustEnd(r, 0, `"type":"connected"`, `"until":"`, `"state":"done"`)
		t.Logf("done after %s", r.took)
		w.mustConverge(w.platformAt("v1", "--no-wait")...)
	})

	t.Run("Ctrl-C while it is away", func(t *testing.T) {
		w := newTenants(t)
		broken := server.breakAt(w, syscall.SIGKILL, newNamespace(w))
		// Longer than the test may take: it ends because it is told to.
		p := w.start(w.apply("--unreachable-timeout", "10h")...)
		p.reach(broken)
		p.await(&p.out, awayText)
		p.interrupt()
		r := p.wait()
		w.mustEnd(r, 130, "[interrupted]", "9 of 11 objects were not tried", "failed     Namespace "+w.name+"-new: the run was interrupted; whether it was applied is not known; the next run looks",
			"what was done could not be recorded; the next run finds it all the same", "interrupted after")

		// One that never answered is not waited for.
		first := w.run(w.apply()...)
		w.mustEnd(first, 1, "[cluster-unreachable]", "API server "+w.proxy.URL()+": cannot be reached")
		if strings.Contains(first.out+first.errors, awayText) {
			t.Errorf("a server that never answered was waited for: %s", first)
		}
		server.start()
		server.awaitReady()
		w.mustBeAsUndisturbed()
	})
}
