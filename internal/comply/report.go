package comply

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed report.html
var page string

// HTML is the report as one page for an inspector, in Chinese and English. It loads nothing from anywhere, and its
// policy forbids the browser to.
func (r Report) HTML() ([]byte, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"zh": func(s Standing) string {
			return map[Standing]string{Holds: "符合", Fails: "不符合", Confirm: "须人工确认"}[s]
		},
		"class": func(s Standing) string { return map[Standing]string{Holds: "ok", Fails: "no", Confirm: "ask"}[s] },
		"day":   func() string { return r.At.Format("2006-01-02 15:04 UTC") },
	}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("the page of the report: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return nil, fmt.Errorf("the page of the report: %w", err)
	}
	return b.Bytes(), nil
}

// Table is docs/law.md: what every row asks, how it is kept, by which tests, and who confirms what is left over.
func Table() []byte {
	var b strings.Builder
	b.WriteString(`# The law, row by row

<!-- Written by "edged comply --table"; a test fails when it differs. Do not edit: edit internal/comply. -->

A reading for engineers, not legal advice. M: Measures for the security management of face recognition technology (Order
No. 19, in force 2025-06-01). J: judicial provisions of the Supreme People's Court, Fashi [2021] No. 15 (2021-08-01). P:
Personal Information Protection Law. N: Regulations on network data security. Y: Regulations on the protection of minors on
the network. C: Civil Code. A: Barrier-free Environment Law. CSL: Cybersecurity Law.

Class E: the forbidden thing cannot happen through edged; P: it can be shown to others; R: people are reminded.
` + "`edged comply --config FILE`" + ` looks at each row on a device and says whether it holds, does not hold, or is for people to
confirm: what no machine can know is never called kept.

| row | class | the duty | how it is kept | tests | for people to confirm |
|---|---|---|---|---|---|
`)
	for _, c := range Checks() {
		control := c.Control
		if c.Follows != "" {
			control += " (stands and falls with " + c.Follows + ")"
		}
		var tests []string
		for _, t := range testsOf(c) {
			tests = append(tests, "`"+t+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s<br>%s | %s | %s | %s |\n", c.ID, c.Class, c.EN, c.ZH, control, strings.Join(tests, " "), c.Who)
	}
	return []byte(b.String())
}

// testsOf are the names of the tests that fail when a row's control is taken away.
func testsOf(c Check) []string { return append(append([]string(nil), c.Tests...), moreTests[c.ID]...) }

// moreTests stand in the packages of their parts.
var moreTests = map[string][]string{
	"M-5a":         {"TestM5a_M6a_WhatIsNoConsent"},
	"M-5b":         {"TestM5b_RetentionDiffersFromPolicy", "TestM5b_EveryGroupMustSaySomething", "TestM5b_SomebodyCanBeReached"},
	"M-5c":         {"TestM5c_AnyChangedWordChangesTheHash", "TestM5c_InformOnlyOrConsentAgain", "TestM5c_ANewPurposeUnderAnOldVersionNumberIsRefused"},
	"M-6a":         {"TestM6a_OneActOnePurposeWithAnEnd", "TestM5a_M6a_WhatIsNoConsent"},
	"M-6b":         {"TestM6b_WithdrawingWorksAtAnyTimeAndOnce"},
	"M-6c":         {"TestM6c_WithdrawingAppendsAndChangesNothingBefore", "TestM6c_AChangedRecordIsFound", "TestM6c_AMissingRecordIsFound"},
	"M-7a":         {"TestM7a_AGuardianAgreesForAMinor", "TestT7_AgeVectors", "TestM7a_NobodyGrowsUpByTheClock"},
	"M-8a":         {"TestM8a_ACopiedBookDoesNotOpenElsewhere", "TestFilesOnAnotherDeviceOpenNothing"},
	"M-8b":         {"TestNoByteOfAFaceLeaves", "TestWaysOutOfATightRoomAreShut"},
	"M-8c":         {"TestM8c_AConsentEndsWithTheStay", "TestM8c_WhatIsDueAndWhen"},
	"M-10b":        {"TestConsentIsNotAnInput", "TestRefusingTheFaceCostsNoRight", "TestPINAndCardAndFaceGrantTheSame"},
	"M-12":         {"TestM12_PressingTexts"},
	"M-14a":        {"TestNoEditOfTheFilesOpensAnything", "TestAnyBitMayFlip"},
	"M-14b":        {"TestNoByteOfTheHeadCanBeChanged"},
	"M-14f":        {"TestARoomWithAnOpenWallDoesNotRun"},
	"M-4c":         {"TestNoByteOfAFaceLeaves"},
	"M-4d":         {"TestARoomWithAnOpenWallDoesNotRun"},
	"M-10a":        {"TestEveryDefectIsToldWithItsFix"},
	"J-2c":         {"TestJ2c_NobodyElseAgreesForAMinor", "TestJ2c_APaperHasAHashAndAWitness"},
	"J-4b":         {"TestJ4b_ARecordThatAgreesToMoreIsDamage"},
	"J-11":         {"TestJ11_EndlessIrrevocableTransferable", "TestJ11_NoEndlessIrrevocableOrTransferableConsent"},
	"P-14":         {"TestP14b_AskAgainInvalidates"},
	"P-44 to 50":   {"TestP44_AFaceRestsAndIsKept"},
	"C-202":        {"TestT7_AgeVectors"},
	"J-9":          {"TestNothingButTwoPeopleLiftsAStop"},
	"P-19, P-47":   {"TestKilledAtEachStepOfErase"},
	"M-15d":        {"TestADeviceLeavesWithNobodyOnIt"},
	"C-201, C-203": {"TestM15a_TheDayIsChinasDay"},
}
