// SPDX-License-Identifier: Apache-2.0

// This file checks URLs and host:port addresses.

package check

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// url checks an absolute http or https URL without a password. instead is how to give the password.
func (c *checker) url(who, text string, origin score.Origin, argument, instead string) {
	p := problem{code: "invalid-url", origin: origin, argument: argument, value: text}
	parsed, err := url.Parse(text)
	switch {
	case text == "":
		p.summary = who + ": got no URL, want one such as \"https://example.com/hook\""
	case err != nil || strings.ContainsAny(text, " \t\r\n"):
		// The parser's error repeats the URL, which may hold a password.
		p.summary = who + ": got something that is not a URL, want one such as \"https://example.com/hook\""
	case parsed.User != nil && hasPassword(parsed):
		p.code = "url-credentials"
		p.summary = who + ": got a URL with a password in plain text, want a reference to a secret"
		p.fix = "write " + instead
	case parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "":
		// The URL itself is not repeated: those of chat services are secrets although they do not look so.
		p.summary = who + ": got no absolute URL, want one that begins with http:// or https:// and names a host"
		if !strings.Contains(text, "://") {
			p.fix = "write https:// in front of it"
		}
	case !validHost(parsed.Hostname()):
		p.summary = fmt.Sprintf("%s: got the host %s, want a DNS name or an IP address", who, shown(parsed.Hostname()))
	case parsed.Port() != "" && !validPort(parsed.Port()):
		p.summary = fmt.Sprintf("%s: got the port %s, want 1 to 65535", who, parsed.Port())
	default:
		return
	}
	c.report(p)
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	// Services and machines sometimes have underscores, which the resolver takes.
	return len(validation.IsDNS1123Subdomain(strings.ReplaceAll(name, "_", "x"))) == 0
}

func validPort(port string) bool {
	number, err := strconv.Atoi(port)
	return err == nil && len(validation.IsValidPortNum(number)) == 0
}

// splitAddress splits host:port, with brackets around an IPv6 host, and says what is wrong with it.
func splitAddress(address string) (wrong string) {
	host, port := "", ""
	if strings.HasPrefix(address, "[") {
		end := strings.Index(address, "]:")
		if end < 0 {
			return "want [address]:port"
		}
		host, port = address[1:end], address[end+2:]
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return "want an IPv6 address inside the brackets"
		}
	} else {
		cut := strings.LastIndexByte(address, ':')
		if cut < 0 {
			return "want a port: host:port"
		}
		host, port = address[:cut], address[cut+1:]
		if strings.Contains(host, ":") {
			return "want brackets around an IPv6 address: [address]:port"
		}
	}
	switch {
	case !validHost(host):
		return fmt.Sprintf("want a DNS name or an IP address, not %q", host)
	case !validPort(port):
		return fmt.Sprintf("want a port from 1 to 65535, not %q", port)
	}
	return ""
}

// address checks a host:port address. A URL there is a common mistake, as Prometheus has scheme and path apart.
func (c *checker) address(who, address string, origin score.Origin, argument string) {
	p := problem{code: "invalid-address", origin: origin, argument: argument, value: address}
	if scheme, rest, found := strings.Cut(address, "://"); found {
		host, path, _ := strings.Cut(rest, "/")
		p.summary = fmt.Sprintf("%s: got the URL %s, want host:port", who, shown(address))
		p.fix = fmt.Sprintf("write %q", host)
		if scheme == "https" {
			p.fix += " and scheme = \"https\""
		}
		if path != "" {
			p.fix += fmt.Sprintf(" and path = %q", "/"+path)
		}
		c.report(p)
		return
	}
	if wrong := splitAddress(address); wrong != "" {
		p.summary = fmt.Sprintf("%s: got %s, %s", who, shown(address), wrong)
		c.report(p)
	}
}

// probed checks what a prober is to look at: a URL, a host, or host:port, depending on the prober's module.
func (c *checker) probed(who, target string, origin score.Origin, argument string) {
	switch {
	case strings.Contains(target, "://"):
		scheme, _, _ := strings.Cut(target, "://")
		if scheme == "http" || scheme == "https" {
			c.url(who, target, origin, argument, "a module of the prober that has the credentials")
			return
		}
		if parsed, err := url.Parse(target); err == nil && parsed.Host != "" && !strings.ContainsAny(target, " \t\r\n") {
			return
		}
	case validHost(target):
		return
	case strings.Contains(target, "/") && !strings.ContainsAny(target, " \t\r\n"):
		// The blackbox exporter puts http:// in front of what has no scheme.
		host, _, _ := strings.Cut(target, "/")
		if validHost(host) || splitAddress(host) == "" {
			return
		}
	case splitAddress(target) == "":
		return
	}
	c.report(problem{
		code: "invalid-address", origin: origin, argument: argument, value: target,
		summary: fmt.Sprintf("%s: got %s, want a URL, a host or host:port", who, shown(target)),
	})
}
