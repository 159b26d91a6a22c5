// Acts that ask for more than one thing: the steps in their order, and the name under which each is said.
// A step in `least` is a PIN; 'age' and 'relation' are chosen; 'born' and 'number' are digits that are shown.
export const least = { pin: 6, person: 6, guardian: 6, ward: 6, staff: 6, colleague: 6 };

export const flows = {
  newcomer: { path: '/pin', says: 'newcomer', steps: ['age', 'staff'], fields: { staff: 'pin', born: 'age' } },
  age: { path: '/attest', says: 'age', steps: ['person', 'age', 'staff'], fields: { person: 'first', staff: 'second', born: 'age' } },
  guardian: { path: '/attest', says: 'guardian', steps: ['guardian', 'ward', 'relation', 'staff'], fields: { guardian: 'first', ward: 'second', staff: 'third' } },
  requests: { path: '/attest', says: 'requests', steps: ['staff'], fields: { staff: 'first' } },
  relative: { path: '/attest', says: 'relative', steps: ['number', 'staff'], fields: { staff: 'first' } },
  look: { path: '/attest', says: 'look', steps: ['staff', 'colleague'], fields: { staff: 'first', colleague: 'second' } },
  approve: { path: '/attest', says: 'approve', steps: ['staff'], fields: { staff: 'first' } },
  refuse: { path: '/attest', says: 'refuse', steps: ['staff'], fields: { staff: 'first' } },
};

// What may be chosen on a screen of choices.
export function options(s) {
  const r = s.record || {};
  switch (s.choices) {
    case 'staff': return ['newcomer', 'age', 'guardian', 'requests', 'relative'];
    case 'age': return ['adult', 'born'];
    case 'relation': return ['parent', 'grandparent', 'sibling', 'spouse', 'appointed'];
    case 'rights': return ['take', r.restricted ? 'resume' : 'restrict', r.changed && 'informed', r.consent === 'given' && !r.erase_at && 'enrol', 'correct', 'explain', 'withdraw', 'delete', r.age === 'adult' && 'wards'].filter(Boolean);
  }
  return [];
}
