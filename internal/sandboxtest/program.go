// SPDX-License-Identifier: Apache-2.0

// This file holds what tests share that run whole programs against a sandbox.

package sandboxtest

import (
	"bytes"
	"flag"
	"os"
	"sync"
	"testing"
)

// KubeconfigVariable names a running control plane to use instead of starting one, while developing.
const KubeconfigVariable = "HARMONYSCRIPT_TEST_KUBECONFIG"

// Kubeconfig returns the path of the administrator's kubeconfig: that of the control plane that KubeconfigVariable names, else that
// of the sandbox, see Get.
func (s *Shared) Kubeconfig(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(KubeconfigVariable); path != "" {
		return path
	}
	return s.Get(t).Kubeconfig
}

// Parallel sets how many tests run at once where the command line does not say it: tests that wait for most of their time need no
// processor each. It is for TestMain.
func Parallel(tests string) error {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() != parallel.DefValue {
		return nil
	}
	return flag.Set("test.parallel", tests)
}

// Output is what a program says; it can be looked at while it grows. Its zero value is ready for use.
type Output struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

// Write appends p. It never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Write(p)
}

// String returns all that was said so far.
func (o *Output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.String()
}
