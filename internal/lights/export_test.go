package lights

var Shine = shine
