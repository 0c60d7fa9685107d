// SPDX-License-Identifier: Apache-2.0

// Package ports chooses free TCP ports on the loopback interface.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Loopback is the only address that anything in the sandbox listens on.
const Loopback = "127.0.0.1"

// The range lies under the ephemeral ports of Linux (32768 and up) and of the BSDs and macOS (49152 and up): between the choice and the moment when a server
// listens, the kernel will not give such a port to an outgoing connection.
const (
	first = 20000
	last  = 31999
)

const attempts = 200

// Free returns this many different ports that nothing listened on a moment ago. Another process can still take one before its server starts, so
// the caller has to try again when a server reports that its address is in use.
func Free(count int) ([]int, error) {
	chosen := make([]int, 0, count)
	var listeners []net.Listener
	// All are held until the last is found, so that none is chosen twice.
	defer func() {
		for _, listener := range listeners {
			_ = listener.Close()
		}
	}()
	var problem error
	for range attempts {
		if len(chosen) == count {
			return chosen, nil
		}
		port := first + rand.IntN(last-first+1)
		listener, err := net.Listen("tcp4", Address(port))
		if err != nil {
			problem = err
			continue
		}
		listeners = append(listeners, listener)
		chosen = append(chosen, port)
	}
	if len(chosen) == count {
		return chosen, nil
	}
	return nil, fmt.Errorf("ports: got %d free ports on %s between %d and %d after %d attempts, want %d: %w", len(chosen), Loopback, first, last, attempts, count, problem)
}

// Address returns host:port of a loopback port.
func Address(port int) string {
	return net.JoinHostPort(Loopback, strconv.Itoa(port))
}
