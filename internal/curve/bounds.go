package curve

import "math"

// Bounds are Clopper and Pearson's (Biometrika 26, 1934) for a share of which k of n were seen: the true share lies
// outside with a probability of at most 1-confidence, half of it on either side. Nothing seen of nothing is 0 to 1.
func Bounds(k, n int, confidence float64) (low, high float64) {
	if n <= 0 || k < 0 || k > n {
		return 0, 1
	}
	tail := (1 - confidence) / 2
	low, high = 0, 1
	if k > 0 {
		low = solve(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		high = solve(float64(k+1), float64(n-k), 1-tail)
	}
	return low, high
}

// solve finds where the incomplete beta function has the value p. It halves 200 times because shares of a millionth
// need their first digits too.
func solve(a, b, p float64) float64 {
	low, high := 0.0, 1.0
	for range 200 {
		if mid := (low + high) / 2; beta(a, b, mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// beta is the regularised incomplete beta function by its continued fraction (DLMF 8.17.22), with Lentz's method.
func beta(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) { // there the fraction converges slowly
		return 1 - beta(b, a, 1-x)
	}
	ab, _ := math.Lgamma(a + b)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	front := math.Exp(ab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 10000 {
		m := float64(i / 2)
		term := 1.0
		switch {
		case i == 0:
		case i%2 == 0:
			term = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			term = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + term*d; math.Abs(d) < tiny {
			d = tiny
		}
		if c = 1 + term/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		f *= c * d
		if math.Abs(1-c*d) < 1e-12 {
			break
		}
	}
	return front * (f - 1)
}
