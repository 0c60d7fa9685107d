// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestHeldBy(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Skip("no process to end: ", err)
	}
	here := machineID()
	for _, c := range []struct {
		name, holder string
		age          time.Duration
		held         bool
	}{
		{"fresh", "far/1/abc/ff", time.Second, true},
		{"at its end", "far/1/abc/ff", 30 * time.Second, false},
		{"renewed by a clock ahead of ours", "far/1/abc/ff", -time.Minute, true},
		{"released", "", time.Second, false},
		{"of another tool", "some-controller_1234", time.Second, true},
		{"dead here", "h/" + strconv.Itoa(ended.Process.Pid) + "/" + here + "/ff", time.Second, false},
		{"dead elsewhere, for all we know", "h/" + strconv.Itoa(ended.Process.Pid) + "/other/ff", time.Second, true},
		{"alive here", "h/" + strconv.Itoa(os.Getpid()) + "/" + here + "/ff", time.Second, true},
		{"no process number", "h/x/" + here + "/ff", time.Second, true},
	} {
		if here == "" && strings.HasPrefix(c.name, "dead here") {
			continue
		}
		renewed, seconds := metav1.NewMicroTime(now.Add(-c.age)), int32(30)
		lease := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &c.holder, RenewTime: &renewed, AcquireTime: &renewed, LeaseDurationSeconds: &seconds}}
		if got := heldBy("d", lease, now); (got != nil) != c.held {
			t.Errorf("%s: got %+v, want held=%t", c.name, got, c.held)
		}
	}
	if got := heldBy("d", &coordinationv1.Lease{}, now); got != nil {
		t.Errorf("an empty Lease: got %+v", got)
	}
}

func TestIdentity(t *testing.T) {
	a, b := newIdentity(), newIdentity()
	if a == b {
		t.Fatalf("two runs of one process have one identity: %s", a)
	}
	host, _ := os.Hostname()
	if got := parseIdentity(a); got.process != os.Getpid() || got.host != host || got.machine != machineID() || got.isDead() {
		t.Fatalf("got %+v from %s", got, a)
	}
}

func TestLockLostTellsWhy(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}, "d", errors.New("changed"))
	for _, c := range []struct {
		err          error
		summary, fix string
	}{
		{context.DeadlineExceeded, "deployment d: the lock could not be renewed: the API server did not answer for 28s", "when the API server answers"},
		{&cluster.UnreachableError{Host: "h", Lost: true, Err: io.EOF}, "deployment d: the lock could not be renewed: API server h: connection lost: EOF", "when the API server answers"},
		{conflict, "deployment d: the lock was lost in the middle of the run: ", "see which other run is at work"},
	} {
		d := (&LockLostError{Deployment: "d", After: 28 * time.Second, Err: c.err}).Diagnostic()
		if d.Code != "lock-lost" || !strings.HasPrefix(d.Summary, c.summary) || !strings.Contains(d.Fix, c.fix) {
			t.Errorf("%v: got %+v, want %q and the fix %q", c.err, d, c.summary, c.fix)
		}
	}
}
