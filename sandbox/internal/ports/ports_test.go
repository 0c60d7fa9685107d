// SPDX-License-Identifier: Apache-2.0

package ports_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
)

func TestFree(t *testing.T) {
	for _, count := range []int{0, 1, 7, 100} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			free, err := ports.Free(count)
			if err != nil {
				t.Fatal(err)
			}
			if len(free) != count {
				t.Fatalf("got %d ports, want %d", len(free), count)
			}
			seen, taken := map[int]bool{}, 0
			for _, port := range free {
				if seen[port] {
					t.Errorf("got port %d twice", port)
				}
				seen[port] = true
				listener, err := net.Listen("tcp", ports.Address(port))
				if err != nil {
					t.Logf("port %d is not free: %v", port, err)
					taken++
					continue
				}
				_ = listener.Close()
			}
			// Another program, such as the sandbox of another test, may have taken some since; not most of them.
			if taken > count/2 {
				t.Errorf("%d of %d ports are not free", taken, count)
			}
		})
	}
}

func TestFreeRefusesMoreThanThereAre(t *testing.T) {
	if free, err := ports.Free(100000); err == nil {
		t.Fatalf("got %d ports, want an error", len(free))
	}
}

// The kernel must not use such a port for an outgoing connection between the choice and the use.
func TestFreeKeepsOutOfTheEphemeralRange(t *testing.T) {
	content, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skip("this system does not tell its ephemeral ports in /proc")
	}
	first, err := strconv.Atoi(strings.Fields(string(content))[0])
	if err != nil {
		t.Fatal(err)
	}
	free, err := ports.Free(50)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range free {
		if port >= first {
			t.Errorf("got port %d, want one below %d", port, first)
		}
	}
}
