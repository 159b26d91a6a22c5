// One state, drawn whole after every change; nothing on the screen is kept anywhere else.
import { codes, code, date, first, speak, t, time } from './words.js';
import { listen, tell } from './line.js';
import { mirror } from './mirror.js';
import * as notice from './notice.js';
import { shine } from './shine.js';
import * as voice from './voice.js';
import { flows, options, least } from './flows.js';

const $ = (id) => document.getElementById(id);
// Time to read a notice is longer than time to leave a record on the screen. Half a minute before the end the page asks.
const IDLE = 60_000, READING = 120_000, ASK = 30_000, BRIEF = 6_000, BANNER = 12_000, HINT = 3_000, ANSWER = 5_000;
const hints = ['closer', 'back', 'straight', 'light', 'bright', 'still', 'one', 'eyes', 'sideways'];

const nobody = () => ({
  screen: 'home', act: 'open', typed: '', busy: false, line: null, hint: null, banner: null,
  hours: 0, count: 0, of: 0, result: null, record: null, receipt: null, issued: null, notice: null,
  flow: null, step: null, choices: null, requests: null, pieces: [], piece: 0,
});
let s = nobody();
let door = { face: document.body.dataset.face === 'yes' ? 'starting' : 'off', open: false };
let lost = false;
let touched = Date.now(), stayed = 0;
const timers = {};

function after(name, ms, what) { // one timer per name
  clearTimeout(timers[name]);
  timers[name] = ms && setTimeout(what, ms);
}

const spaced = (digits) => digits.replace(/(.{4})(?=.)/g, '$1 ');

function text(id, words) { // unchanged words are not said twice by a screen reader
  if ($(id).textContent !== words) $(id).textContent = words;
}

function draw() {
  const { screen } = s, faceOn = door.face === 'on' || door.face === 'verify' && screen === 'guide';
  document.body.dataset.screen = screen;
  document.body.dataset.result = s.result?.prompt || '';
  for (const e of document.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll('[data-label]')) e.setAttribute('aria-label', t(e.dataset.label));
  for (const e of $('languages').children) e.setAttribute('aria-pressed', String(e.dataset.lang === code()));
  $('larger').setAttribute('aria-label', t('language.larger'));
  text('title', title());
  drawPad();
  text('camera', door.late ? t('home.late') : faceOn ? t('face.camera') : '');
  text('guidance', s.hint ? t('prompt.' + s.hint) : screen === 'guide' ? t('prompt.look') : t('face.' + door.face));
  $('guidance').classList.toggle('now', !!s.hint);
  text('why-text', screen !== 'ask' ? '' : s.step ? t(`step.${s.step}.text`) : t(`ask.${s.act}.text`));
  text('agree', t(`notice.${s.notice?.mode || 'agree'}`));
  $('decline').parentElement.hidden = !!s.notice && s.notice.mode !== 'agree'; // nothing is asked that could be refused
  text('pad-name', t(s.step && !least[s.step] ? `step.${s.step}.title` : 'way.pin'));
  $('skip-cell').hidden = s.step !== 'colleague';
  drawStay();
  text('hint', t('prompt.' + (s.hint || 'look')));
  text('count', t('guide.steps', s));
  $('bar').max = s.of || 1;
  $('bar').value = s.count;
  drawResult();
  drawNotice();
  drawRecord();
  drawReceipt();
  drawChoices();
  drawRequests();
  text('new-pin', s.issued ? spaced(s.issued.pin) : '');
  text('new-until', s.issued?.until ? t('issued.until', { until: time(s.issued.until) }) : '');
  text('new-number', s.issued?.number ? t('issued.number', { number: s.issued.number }) : '');
  mirror(faceOn && (screen === 'home' || screen === 'guide'));
  sayAloud();
}

// sayAloud says what is new on the screen, the most pressing first. Digits and records are not among it.
function sayAloud() {
  $('aloud').setAttribute('aria-pressed', String(voice.aloud()));
  const e = s.result ? 'prompt.' + s.result.prompt : s.line && (s.screen === 'home' || s.screen === 'ask') ? s.line.key : s.banner;
  if (e) return voice.say(code(), e);
  if (s.screen === 'notice') {
    const version = s.notice.pages[code()].version;
    return voice.say(code(), `notice.${version}.` + notice.part(), notice.heard);
  }
  if (s.screen === 'ask') return voice.say(code(), s.step ? `step.${s.step}.text` : `ask.${s.act}.text`);
  if (s.screen === 'choose') return voice.say(code(), `choose.${s.choices}.text`);
  if (s.hint || s.screen === 'guide') return voice.say(code(), 'prompt.' + (s.hint || 'look'));
  voice.say(code(), s.screen === 'home' ? door.face === 'on' ? 'home.title' : 'home.title.pin' : s.screen + '.title');
}

// drawStay offers staff how long a newcomer's visit may be.
function drawStay() {
  $('stay').hidden = s.flow?.name !== 'newcomer' || s.step !== 'staff';
  for (const b of $('stay').children) {
    const hours = Number(b.dataset.hours);
    b.textContent = hours ? t('stay.hours', { hours }) : t('stay.good');
    b.setAttribute('aria-pressed', String(hours === s.hours));
  }
}

function title() {
  if (lost) return t('page.lost');
  if (s.banner) return t(s.banner);
  if (s.pieces.length) return t(s.pieces[0].copy ? 'copy.title' : 'receipt.consent', { part: s.piece + 1, of: s.pieces[0].last + 1 });
  if (s.receipt) return t('receipt.text');
  if (s.screen === 'home') {
    return t(door.open ? 'home.open' : door.face === 'on' ? 'home.title' : 'home.title.pin');
  }
  if (s.step) return t(`step.${s.step}.title`);
  if (s.choices) return t(`choose.${s.choices}.title`);
  if (s.screen === 'record') return t(s.record?.staff ? 'record.title.staff' : 'record.title');
  if (s.screen === 'ask') return t(`ask.${s.act}.title`);
  if (s.screen === 'notice') return s.notice?.pages[code()]?.title || t('notice.title');
  return s.screen === 'result' ? '' : t(s.screen + '.title');
}

function drawPad() {
  let words = '';
  if (s.busy) words = t('pad.busy');
  else if (s.line) words = t(s.line.key, { count: s.line.count, until: time(s.line.until) });
  else if (!s.typed) words = t(s.step && !least[s.step] ? `step.${s.step}.ready` : 'pad.ready');
  text('pad-line', words);
  $('pad-line').classList.toggle('loud', !s.busy && !!s.line);
  text('dots', s.step && !least[s.step] ? s.typed : '●'.repeat(s.typed.length));
  text('typed', s.typed ? t('pad.typed', { count: s.typed.length }) : '');
}

function drawResult() {
  const r = s.result;
  $('again-cell').hidden = !again[r?.prompt];
  const icon = { welcome: 'open', changed: 'open', enrolled: 'done', erased: 'done', withdrawn: 'done', deleted: 'done', informed: 'done',
    resumed: 'done', rests: 'done', recorded: 'done', noted: 'done', decided: 'done' }[r?.prompt] || 'word';
  $('result-icon').setAttribute('href', '#i-' + icon);
  text('result-text', r ? t('prompt.' + r.prompt, { ...r, until: r.prompt === 'wait' ? time(r.until) : date(r.until) }) : '');
}

function element(name, words) {
  const e = document.createElement(name);
  e.textContent = words;
  return e;
}

function drawNotice() {
  const shown = s.screen === 'notice' && s.notice;
  notice.show(shown && s.notice.pages[code()], shown && s.notice.hash + code());
}

// What may be read again after a prompt, and for what.
const again = { 'old-notice': 'agree', unread: 'agree', changed: 'informed', guardian: 'guardian' };

function drawChoices() {
  const list = s.choices ? options(s) : [];
  const key = s.choices + code() + list.join();
  text('choose-text', s.choices && s.choices !== 'rights' ? t(`choose.${s.choices}.text`) : '');
  if ($('choices').dataset.key === key) return;
  $('choices').dataset.key = key;
  $('choices').replaceChildren(...list.map((name) => {
    const b = element('button', t('choice.' + name));
    b.dataset.choice = name;
    b.onclick = () => chosen(name);
    return b;
  }));
}

function drawRequests() {
  const r = s.requests;
  if (!r) return $('requests').replaceChildren();
  const rows = r.open.flatMap((q) => {
    const three = element('div', ''), head = element('h2', `${spaced(q.number)} · ${t('reason.' + q.what)} · ${time(q.at)}`);
    three.className = 'three';
    for (const act of ['look', 'approve', 'refuse']) {
      const b = element('button', t('request.' + act));
      b.dataset.request = act;
      b.onclick = () => begin(act, { number: q.number });
      three.append(b);
    }
    return [head, three];
  });
  $('requests').replaceChildren(...(rows.length ? rows : [element('p', t('request.none'))]), ...(r.more ? [element('p', t('request.more'))] : []));
}

function drawRecord() {
  const r = s.record;
  $('rights-cell').hidden = !r || !!r.staff;
  if (!r) return $('record').replaceChildren();
  const list = element('dl', '');
  const row = (name, words) => list.append(element('dt', t(name)), element('dd', words));
  row('record.number', spaced(r.number));
  row('record.consent', t('consent.' + r.consent) + (r.by_guardian ? ' · ' + t('record.guardian') : ''));
  row('record.age', t('age.' + r.age));
  if (r.restricted) row('record.rests', t('record.restricted'));
  if (r.changed) row('record.rests', t('record.changed'));
  if (r.asked) row('record.asked', String(r.asked));
  if (r.given_at) row('record.given', date(r.given_at));
  row('record.erase', r.erase_at ? date(r.erase_at) : t('record.none'));
  const rows = (lines) => { const of = element('table', ''); for (const cells of lines) of.insertRow().append(...cells.map((c) => element('td', c))); return of; };
  const part = (name, lines) => {
    if (!lines.length) return [];
    const of = element('div', '');
    of.append(element('h2', t(name)), rows(lines));
    return [of];
  };
  const sheet = element('div', '');
  sheet.className = 'sheet';
  sheet.append(list, ...r.passages.length ? part('record.passages', r.passages.map((p) => [time(p.at), t('method.' + p.method), t('outcome.' + p.outcome)])) : [element('h2', t('record.passages')), element('p', t('record.empty'))],
    ...part('record.consents', r.consents.map((c) => [time(c.at), t('consent.' + c.state), c.until ? t('record.until', { until: date(c.until) }) : ''])),
    ...part('record.looks', r.looks.map((l) => [time(l.at), l.staff ? t('record.staff', { count: l.staff }) : t('record.self')])));
  $('record').replaceChildren(sheet);
}

function drawReceipt() {
  const r = s.pieces.find((p) => p.part === s.piece) || s.receipt;
  $('next-cell').hidden = s.pieces.length < 2;
  document.body.dataset.receipt = r ? 'yes' : '';
  $('qr').setAttribute('viewBox', r ? `-4 -4 ${r.size + 8} ${r.size + 8}` : '0 0 1 1'); // with its quiet zone
  $('qr-dark').setAttribute('d', r ? r.path : '');
}

// go forgets everything of the screen before, except what is named.
function go(screen, kept = {}) {
  s = { ...nobody(), screen, ...kept };
  for (const name in timers) after(name, 0);
  scrollTo(0, 0);
  draw();
  document.querySelector('main').focus({ preventScroll: true }); // a keyboard and a screen reader begin at the new screen
}

function home(banner = null) {
  go('home', { banner });
  if (banner) after('banner', BANNER, leave);
}

function leave() { // the turn is over: the room and the keeper are told
  tell('/touch', { touch: 'home' });
  home();
}

async function openNotice(mode = 'agree') {
  // Nobody reads a long notice to hear at its end that there is nothing to agree to now.
  if (door.face !== 'on' && door.face !== 'verify') return home(door.face === 'off' ? 'face.off' : 'prompt.face-rests');
  const pages = {};
  try {
    for (const [lang] of codes) pages[lang] = await (await fetch('/notice?lang=' + lang)).json();
    const { hash } = pages[first];
    const status = await tell('/touch', { touch: 'notice', notice: hash });
    if (status === 204) return go('notice', { notice: { hash, pages, mode } });
    home(status === 409 ? 'page.busy' : 'notice.missing');
  } catch { home('notice.missing'); }
}

async function agree() {
  if (notice.read()) {
    const text = s.notice;
    if (await tell('/touch', { touch: 'read', notice: text.hash }) !== 204) return home('page.busy');
    return text.mode === 'guardian' ? begin('guardian', {}, { notice: text }) : go('ask', { act: text.mode, notice: text });
  }
  s.banner = 'notice.rest';
  notice.onward();
  draw();
}

async function decline() {
  if (s.notice.mode !== 'agree') return leave(); // nothing was asked that could be refused
  const status = await tell('/touch', { touch: 'decline', notice: s.notice.hash });
  home(status === 204 ? 'prompt.declined' : 'pad.again');
}

function key(k) {
  if (s.busy) return;
  s.line = null;
  if (k === 'Backspace') s.typed = s.typed.slice(0, -1);
  else if (k === 'Enter') return enter();
  else if (s.typed.length < 12) s.typed += k;
  if (s.screen === 'home') after('typed', IDLE, home);
  draw();
}

async function enter() {
  if (!s.typed) return draw();
  const few = s.step && !least[s.step] ? s.typed.length !== { born: 8, number: 12 }[s.step] : s.typed.length < 6;
  if (few) { s.line = { key: s.step && !least[s.step] ? `step.${s.step}.short` : 'pad.short' }; return draw(); }
  if (s.flow) { s.flow.body[flows[s.flow.name].fields[s.step] || s.step] = s.typed; return step(); }
  const body = { act: s.act, pin: s.typed };
  if (s.act === 'agree' || s.act === 'informed') { body.notice = s.notice.hash; body.lang = code(); }
  await say('/pin', body);
}

async function say(path, body) {
  s.typed = '';
  s.busy = true;
  draw();
  const mine = s;
  after('answer', ANSWER, () => answerPad({ key: 'pad.again' }));
  const status = await tell(path, body);
  if (s === mine && status !== 204) answerPad({ key: status === 409 ? 'page.busy' : 'pad.again' });
}

// A flow asks for one thing after another and says them all at once: half of it is nothing.
function begin(name, body = {}, kept = {}) {
  go('home', { flow: { name, body: { ...body }, todo: [...flows[name].steps] }, ...kept });
  step();
}

function step() {
  const { flow, notice } = s, next = flow.todo.shift();
  if (next === undefined) return finish();
  const kept = { flow, notice };
  if (next === 'age' || next === 'relation') return go('choose', { ...kept, choices: next });
  go('ask', { ...kept, step: next });
}

function finish() {
  const { flow, notice, hours } = s, { path, says } = flows[flow.name];
  const body = { act: says, ...flow.body };
  if (flow.name === 'guardian') { body.notice = notice.hash; body.lang = code(); }
  if (hours) body.hours = String(hours);
  go('ask', { flow, notice, hours, step: s.step });
  say(path, body);
}

function chosen(name) {
  const { choices, flow } = s;
  if (choices === 'staff') return name === 'guardian' ? openNotice('guardian') : begin(name);
  if (choices === 'rights') return name === 'informed' ? openNotice('informed') : go('ask', { act: name });
  if (name === 'born') flow.todo.unshift('born');
  else flow.body[choices] = name;
  step();
}

// startAgain goes back to the first thing that a flow asked for: which of its PINs was wrong is not said.
function startAgain(line) {
  const { flow, notice } = s;
  begin(flow.name, flow.body.number && !flows[flow.name].steps.includes('number') ? { number: flow.body.number } : {}, { notice });
  if (s.screen === 'ask') s.line = line;
  else s.banner = line.key === 'prompt.wrong-pin' ? 'step.again' : line.key;
  draw();
}

function answerPad(line) {
  after('answer', 0);
  Object.assign(s, { busy: false, typed: '', line });
  draw();
}

function result(e) {
  const more = e.prompt === 'welcome' ? BRIEF : e.prompt === 'changed' ? 2 * BRIEF : 0;
  go('result', { result: e });
  if (more) after('brief', more, leave);
}

// What the keeper's prompts do. A prompt that is not personal is for whoever stands there, so it never tears somebody
// out of what they are reading.
function prompt(e) {
  const p = e.prompt;
  if (e.personal) touched = Date.now();
  if (hints.includes(p) || (p === 'other-way' && !e.personal)) return hint(p);
  if (p === 'look') {
    if (s.screen !== 'guide') go('guide');
    Object.assign(s, { count: e.count, of: e.of });
    return draw();
  }
  if (['wrong-pin', 'wait', 'no-newcomer', 'other-way'].includes(p)) {
    if (s.screen === 'ask' && s.flow && flows[s.flow.name].steps.filter((name) => least[name]).length > 1) {
      after('answer', 0);
      return startAgain({ key: 'prompt.' + p, ...e });
    }
    if (s.screen === 'home' || s.screen === 'ask') answerPad({ key: 'prompt.' + p, ...e });
    return;
  }
  if (p === 'home') return e.personal ? home() : hint(null);
  if (p === 'declined') return home('prompt.declined');
  if (e.personal) return result(e);
  if (s.screen !== 'home') return;
  if (p === 'welcome') return result(e);
  hint(p);
}

function hint(p) {
  if (s.screen !== 'home' && s.screen !== 'guide') return;
  s.hint = p;
  after('hint', p ? HINT : 0, () => hint(null));
  draw();
}

function heard(name, e) {
  if (name === 'door') { door = e; draw(); }
  else if (name === 'screen') prompt(e);
  else if (name === 'cleared') cleared();
  else if (name === 'shine') shine(e);
  else if (name === 'issued') { go('issued', { issued: e }); touched = Date.now(); }
  else if (name === 'receipt') { if (s.screen === 'result' || s.screen === 'record') { s.receipt = e; draw(); } }
  else if (name === 'piece') piece(e);
  else if (name === 'requests') { go('requests', { requests: e }); touched = Date.now(); }
  else if (name === 'record') { go('record', { record: e }); touched = Date.now(); }
}

function piece(e) {
  touched = Date.now();
  if (e.copy && s.screen !== 'copy') go('copy');
  if (!['copy', 'result', 'record'].includes(s.screen)) return;
  s.pieces.push(e);
  draw();
}

function cleared() { // the next person begins as everybody does
  speak(first);
  document.documentElement.classList.remove('large');
  $('larger').setAttribute('aria-pressed', 'false');
  voice.toggle(false);
  text('still', '');
  home();
}

function sign() { // of life
  touched = Date.now();
  text('still', '');
  if (s.screen !== 'home' && touched - stayed > 10_000) { stayed = touched; tell('/touch', { touch: 'stay' }); }
}

setInterval(() => {
  const quiet = Date.now() - touched, most = s.screen === 'notice' || s.screen === 'ask' ? READING : IDLE;
  const away = s.screen !== 'home' || s.typed || code() !== first || voice.aloud() || document.documentElement.classList.contains('large');
  text('still', quiet > most - ASK && quiet <= most && s.screen !== 'home' && s.screen !== 'guide' ? t('page.still') : '');
  if (quiet > most && away) { touched = Date.now(); tell('/touch', { touch: 'home' }); cleared(); }
}, 1000);
// Whoever leaves the page, or comes back to it by the browser's history, finds nothing of what stood on it.
addEventListener('pagehide', () => { home(); document.documentElement.hidden = true; });
addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });

for (const name of ['pointerdown', 'keydown', 'wheel', 'touchmove']) addEventListener(name, sign, { passive: true });
for (const b of document.querySelectorAll('[data-key]')) {
  b.onclick = () => key(b.dataset.key);
  b.onpointerdown = (e) => e.preventDefault(); // or a later Enter would press this key again
}
addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey) return;
  const pad = s.screen === 'home' || s.screen === 'ask';
  if (pad && (/^[0-9]$/.test(e.key) || e.key === 'Backspace')) { e.preventDefault(); key(e.key); }
  else if (pad && e.key === 'Enter' && s.typed) { e.preventDefault(); key('Enter'); }
  else if (e.key === '*' && voice.able) { voice.toggle(); draw(); }
  else if (e.key === 'Escape') { if (pad && s.typed) { s.typed = ''; draw(); } else leave(); } // leaving is no decision
});
for (const [lang, name, tag] of codes) {
  const b = element('button', name);
  b.dataset.lang = lang;
  b.lang = tag;
  b.onclick = () => { speak(lang); draw(); };
  $('languages').append(b);
}
const longest = Number(document.body.dataset.visit);
for (const hours of [0, ...[2, 8, 24, 72, 168, 720].filter((h) => h < longest).slice(-4), longest]) {
  const b = element('button', '');
  b.dataset.hours = hours;
  b.onclick = () => { s.hours = hours; draw(); };
  if (hours || longest) $('stay').append(b);
}
$('aloud').hidden = !voice.able;
$('aloud').onclick = () => { voice.toggle(); draw(); };
notice.onTurn(() => sayAloud());
$('larger').onclick = () => {
  const large = document.documentElement.classList.toggle('large');
  $('larger').setAttribute('aria-pressed', String(large));
  draw();
};
$('use').onclick = () => openNotice();
$('again').onclick = () => openNotice(again[s.result?.prompt]);
$('withdraw').onclick = () => go('ask', { act: 'withdraw' });
$('mine').onclick = () => go('ask', { act: 'mine' });
$('staff').onclick = () => go('choose', { choices: 'staff' });
$('rights').onclick = () => go('choose', { choices: 'rights', record: s.record });
$('next').onclick = () => { s.piece = (s.piece + 1) % s.pieces.length; draw(); };
$('skip').onclick = () => { if (!s.busy) { s.typed = ''; step(); } };
$('agree').onclick = agree;
$('decline').onclick = decline;
$('more').onclick = notice.onward;
$('result').onclick = () => { if (s.result?.prompt === 'welcome') leave(); };
$('parts').onscroll = notice.mark;
addEventListener('resize', notice.mark);
for (const id of ['back', 'later', 'stop', 'done']) $(id).onclick = leave;

speak(first);
draw();
listen(['door', 'screen', 'shine', 'issued', 'record', 'receipt', 'piece', 'requests', 'cleared'], heard, (now) => { lost = now; draw(); });
