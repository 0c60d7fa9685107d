// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
