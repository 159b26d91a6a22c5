package kiosk

import "net/http"

// policy lets the page load its own style, script and picture, and nothing else from anywhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// tokenHeader carries the page's token. A header of our own cannot be sent by another origin without asking first,
// and nobody here answers such a question.
const tokenHeader = "X-Edged-Page"

// A guard stands before every route. Loopback alone is no fence: any site open in the same browser can aim at it.
type guard struct {
	address string
	origin  string
	policy  string
	known   func(token string) bool
}

func newGuard(address string, known func(string) bool, sound bool) *guard {
	g := &guard{address: address, origin: "http://" + address, policy: policy, known: known}
	if sound {
		g.policy += "; media-src 'self'"
	}
	return g
}

func (g *guard) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", g.policy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), clipboard-read=(), display-capture=()")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if !g.friendly(r) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// friendly: the Host is the address that the hall bound (a name that was made to point here is not), the Origin, where
// there is one, is this page, and the browser does not say that another site asked.
func (g *guard) friendly(r *http.Request) bool {
	if r.Host != g.address || r.URL.IsAbs() {
		return false
	}
	for _, origin := range r.Header.Values("Origin") {
		if origin != g.origin {
			return false
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		// "none" is a person who typed the address, which is never how a button is pressed.
		if site != "same-origin" && (site != "none" || r.Method != http.MethodGet) {
			return false
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	return g.known(r.Header.Get(tokenHeader))
}
