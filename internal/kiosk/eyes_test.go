package kiosk_test

import (
	"encoding/json"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// blemishes are what nobody may meet on any screen, at any size, in any language. Each names where it was found.
//
// Contrast is computed as WCAG 2.1 defines it: 4.5:1 for every text (1.4.3, without the relief for large letters), 3:1
// for the edge of a button against what is around it or its own filling (1.4.11). A finger's target is at least 64
// pixels here, where WCAG asks for 44 (2.5.5).
const blemishes = `(() => {
	const found = [], seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getBoundingClientRect().width > 1.5;
	const name = (e) => (e.id && '#' + e.id + ' ') + e.textContent.trim().slice(0, 30);
	const luminance = (c) => { const [r, g, b] = c.map((v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const parse = (s) => s.match(/[\d.]+/g).map(Number);
	const under = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c.slice(0, 3); if (c[3] > 0) return null; } return [255, 255, 255]; };
	const ratio = (a, b) => { const [x, y] = [luminance(a.slice(0, 3)), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
	const root = document.documentElement, body = document.body;
	if (root.scrollWidth > root.clientWidth || body.scrollWidth > body.clientWidth) found.push('the page is ' + root.scrollWidth + ' of ' + root.clientWidth + ' wide');
	for (const e of document.querySelectorAll('body *')) {
		if (!seen(e) || e.closest('svg symbol') || e.classList.contains('spoken')) continue;
		const style = getComputedStyle(e), own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
		if (own) {
			const behind = under(e);
			if (!behind) { found.push('see-through behind ' + name(e)); continue; }
			if (Number(style.opacity) < 1) found.push('faded: ' + name(e));
			const r = ratio(parse(style.color), behind);
			if (r < 4.5) found.push('contrast ' + r.toFixed(2) + ' of ' + name(e));
		}
		if (own && style.display !== 'inline' && !e.closest('#larger') && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 4) && style.overflowY !== 'auto')
			found.push('cut off: ' + name(e) + ' ' + e.scrollWidth + '>' + e.clientWidth + ' ' + e.scrollHeight + '>' + e.clientHeight);
		if (own && style.display !== 'inline' && e.textContent.trim().length > 3 && e.clientWidth < 2 * parseFloat(style.fontSize)) found.push('squeezed: ' + name(e));
		if (e.tagName === 'BUTTON') {
			const edge = parse(style.borderTopColor);
			if (Math.max(ratio(edge, under(e.parentElement)), ratio(parse(style.backgroundColor), under(e.parentElement))) < 3) found.push('the edge of ' + name(e) + ' is faint');
			if (e.offsetWidth < 64 || e.offsetHeight < 63.5) found.push('too small for a finger: ' + name(e) + ' ' + e.offsetWidth + 'x' + e.offsetHeight);
		}
		if (style.animationName !== 'none') found.push('moves: ' + name(e));
		if (style.position === 'fixed' && e.id !== 'still') found.push('floats over others: ' + name(e));
	}
	if (document.getAnimations().length) found.push('something moves by itself');
	// What of a button is to be seen: a list that scrolls cuts off the others.
	const shown = (e) => { let r = e.getBoundingClientRect(), [left, top, right, bottom] = [r.left, r.top, r.right, r.bottom];
		for (let p = e.parentElement; p && p !== body; p = p.parentElement) if (getComputedStyle(p).overflowY !== 'visible') { const q = p.getBoundingClientRect();
			[left, top, right, bottom] = [Math.max(left, q.left), Math.max(top, q.top), Math.min(right, q.right), Math.min(bottom, q.bottom)]; }
		const foot = document.querySelector('footer'); // where it sticks, the page scrolls under it
		if (getComputedStyle(foot).position === 'sticky' && !foot.contains(e)) bottom = Math.min(bottom, foot.getBoundingClientRect().top);
		return { left, top, right, bottom }; };
	const buttons = [...document.querySelectorAll('button')].filter(seen).map((e) => [e, shown(e)]).filter(([, r]) => r.right > r.left + 2 && r.bottom > r.top + 2);
	for (const [e, r] of buttons) {
		for (const [f, q] of buttons) {
			if (e !== f && r.left < q.right - 1 && q.left < r.right - 1 && r.top < q.bottom - 1 && q.top < r.bottom - 1) found.push(name(e) + ' lies over ' + name(f));
		}
		const [x, y] = [(r.left + r.right) / 2, (r.top + r.bottom) / 2], top = y > 0 && y < innerHeight && document.elementFromPoint(x, y);
		if (top && !e.contains(top) && top.id !== 'still' && !top.closest('header')) found.push(name(e) + ' is covered by ' + (top.id || top.tagName));
	}
	return found;
})()`

func (v *visitor) fits(name string) {
	v.t.Helper()
	for _, blemish := range eval[[]string](v, blemishes) {
		v.t.Errorf("%s (%s): %s", name, v.lang, blemish)
	}
	v.named(name)
}

// named: whoever hears the screen instead of seeing it meets no button, picture or region without a name, and every
// screen has one first heading.
func (v *visitor) named(name string) {
	v.t.Helper()
	tree, err := chromedp.Call(v.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		v.t.Fatal(err)
	}
	word := func(w *accessibility.Value) (s string) {
		if w != nil {
			json.Unmarshal(w.Value, &s)
		}
		return strings.TrimSpace(s)
	}
	buttons, headings := 0, 0
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		switch role := word(n.Role); role {
		case "heading":
			headings++
		case "button", "image", "region", "progressbar":
			if role == "button" {
				buttons++
			}
			if word(n.Name) == "" {
				v.t.Errorf("%s (%s): a %s without a name", name, v.lang, role)
			}
		}
	}
	if buttons < 4 || headings < 1 {
		v.t.Errorf("%s (%s): a screen reader finds %d buttons and %d headings", name, v.lang, buttons, headings)
	}
}
