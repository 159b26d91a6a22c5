package comply

import (
	"fmt"
	"time"

	"example.org/edged/internal/count"
)

// The Measures for the security management of face recognition technology (Order No. 19, in force 2025-06-01),
// articles 1 to 13. It is longer than a function should be because it is a table: one row, one article.
func measures() []Check {
	return []Check{
		{ID: "M-1, M-2", Class: "E", EN: "The rules cover every use; only research and training of algorithms fall outside.", ZH: "规则适用于一切应用，仅研发和算法训练除外。",
			Control: "There is no mode for training and no command that gives faces away in bulk.", Tests: []string{"TestTheProbesFindThisProgramKeepingTheRules"},
			look: probe("training", "mode: training is refused by the config file")},
		{ID: "M-3", Class: "R", EN: "Act lawfully, honestly and ethically.", ZH: "遵守法律、公德和伦理，诚实守信。",
			Control: "Somebody declares the place with name and post; without that no face is used.", Who: "the handler", Tests: []string{"TestM3_AFaceNeedsADeclarationWithSomebodysName"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.Declared.By == "", "nobody has declared this place"), "declared by " + f.Declared.By
			}},
		{ID: "M-4a", Class: "E", EN: "Process faces for a specific purpose only.", ZH: "处理人脸信息须有特定目的。",
			Control: "The purposes are a closed list, and each has keys of its own: a key for one opens no face of another.",
			Tests:   []string{"TestM4a_AKeyForOnePurposeOpensNoFaceOfAnother", "TestM4a_PurposesHaveKeysOfTheirOwn"}, look: probe("purpose", "a notice for attendance is refused")},
		{ID: "M-4b", Class: "P", EN: "There must be sufficient necessity.", ZH: "须有充分的必要性。",
			Control: "The declaration and the assessment must say why PIN and card are not enough, in words of this door.", Who: "the handler: that it is true",
			Tests: []string{"TestM4b_NecessityIsAStatementAboutThisDoor", "TestM4b_AnotherSitesAssessmentIsRefused"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.Declared.Necessity == "", "nothing says why a face is needed here"), "said: " + f.Declared.Necessity
			}},
		{ID: "M-4c", Class: "E", EN: "Choose the way that touches people's rights least.", ZH: "采取对个人权益影响最小的方式。",
			Control: "Templates only; no picture is ever written; no model of age, mood or sex is loaded.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Pictures > 0, "%d pictures lie in the state folder", f.Pictures), "0 pictures in the state folder"
			}},
		{ID: "M-4d", Class: "E", EN: "Take strict protective measures.", ZH: "实施严格保护措施。",
			Control: "Each room tries what must be impossible before it runs, and ends if anything works.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Dumpable, "a room could write a core dump with a face in it"), "no room can write a core dump"
			}},
		{ID: "M-5a", Class: "P", EN: "Tell people first, conspicuously, truthfully and completely.", ZH: "处理前以显著方式、清晰语言真实、准确、完整告知。",
			Control: "A consent is taken only for the notice that was on the screen in the same turn, and carries its hash.", Who: "the handler: that it is true",
			Tests: []string{"TestJ3_EvidenceAnswersTheCourtsQuestions"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.WithoutNotice > 0, "%d consents name no notice", f.Log.WithoutNotice), fmt.Sprintf("%d consents, each names its notice", f.Log.Kinds["consent-given"])
			}},
		{ID: "M-5b", Class: "P", EN: "The notice names who answers for it, purpose, way, retention, necessity, effect and rights.", ZH: "告知处理者及联系方式、目的、方式、保存期限、必要性、影响、权利行使方式。",
			Control: "The notice is typed data; each part is mandatory; its retention must be the policy's.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && (f.Handler == "" || f.Contact == "" || f.KeepDays != f.NoticeDays),
					"the notice of %q tells %d days, and a face is kept %d", f.Handler, f.NoticeDays, f.KeepDays), fmt.Sprintf("%s; kept %d days, and the notice says so", f.Handler, f.KeepDays)
			}},
		{ID: "M-5c", Class: "E", EN: "If any of that changes, tell people again.", ZH: "告知事项变更的，应当告知变更部分。",
			Control: "A word changed is another hash, and consents name the hash they were given to.", look: probe("notice-hash", "one word changed gives the notice another hash")},
		{ID: "M-5d", Class: "P", EN: "Meet the rules for elderly and disabled people as well.", ZH: "为残疾人、老年人提供符合无障碍要求的告知。",
			Control: "Large text, high contrast, two languages; the PIN needs no camera.", Who: "the operator: at the terminal itself",
			Tests: []string{"TestEveryScreenAtEverySize", "TestM5d_WhomLivenessDoesNotSuitIsNotLockedOut", "TestM5d_WhomTheCameraDoesNotSuitIsOfferedTheOtherWays"},
			look: func(f *Facts) (string, string) {
				return wrong(len(f.Languages) == 0, "the screen speaks no language"), fmt.Sprintf("the screen speaks %v", f.Languages)
			}},
		{ID: "M-6a", Class: "E", EN: "Consent is separate, voluntary, explicit and fully informed.", ZH: "基于同意的，须取得自愿、明确、充分知情的单独同意。",
			Control: "One act, one purpose, one kind of data; never by time-out, never together with anything.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.WithoutConsent > 0, "%d faces were stored without a consent before", f.Log.WithoutConsent), fmt.Sprintf("%d faces stored, each after its consent", f.Log.Enrolled)
			}},
		{ID: "M-6b", Class: "E", EN: "People may withdraw, conveniently.", ZH: "个人有权撤回同意，并应提供便捷方式。",
			Control: "With the PIN at the terminal: unusable at once, erased within seconds, a receipt to take away.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.NotErased > 0, "%d people withdrew, and no line shows their face erased", f.Log.NotErased), fmt.Sprintf("%d withdrew, all erased", f.Log.Kinds["withdrawn"])
			}},
		{ID: "M-6c", Class: "P", EN: "A withdrawal does not make earlier processing unlawful.", ZH: "撤回同意不影响撤回前处理的效力。",
			Control: "A withdrawal is added; no earlier line is ever changed.", Follows: "M-14b"},
		{ID: "M-7a", Class: "E", EN: "Under 14 a parent or guardian agrees.", ZH: "处理不满十四周岁未成年人的人脸信息，须取得监护人同意。",
			Control: "Staff note the age once; below it only a guardian's own act counts.", look: probe("age", "the day after the fourteenth birthday is the first of one's own consent, on leap days too")},
		{ID: "M-7b", Class: "R", EN: "Make rules of their own for children's faces.", ZH: "对不满十四周岁未成年人的人脸信息制定专门处理规则。",
			Control: "A child's record never leaves and is read by two members of staff.", Who: "the handler: that the rules exist"},
		{ID: "M-8a", Class: "E", EN: "Faces are stored inside the device.", ZH: "人脸信息应当存储于人脸识别设备内。",
			Control: "Only a disk of this device is taken for the state folder; backup and synchronisation do not exist.", Tests: []string{"TestCheckSaysWhatIsWrongHere"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Medium != "", "%s", f.Medium), "the state folder lies on this device's own disk"
			}},
		{ID: "M-8b", Class: "E", EN: "They are not sent out over the internet without a law or a separate consent.", ZH: "除法律法规另有规定或取得单独同意外，不得通过互联网对外传输。",
			Control: "The room that holds faces links no network code and can open no socket; no word toward the network can hold a face.",
			look: func(f *Facts) (string, string) {
				// x/net is there for the language of seccomp's filters; package net itself the boundary test forbids.
				return f.only("keeper", "go.etcd.io/bbolt", "golang.org/x/crypto", "golang.org/x/mod", "golang.org/x/net", "golang.org/x/sys"),
					"edged-keeper links nothing but storage, cryptography, the log's format and system calls"
			}},
		{ID: "M-8c", Class: "E", EN: "Keep them no longer than the purpose needs.", ZH: "保存期限不得超过实现处理目的所必需的最短时间。",
			Control: "Each face has an end that its seal proves; what is due is erased, also after a power cut.", Who: "the handler: that the period is the shortest",
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.Overdue > 0, "%d faces are past their end", f.Log.Overdue), fmt.Sprintf("0 overdue; kept %d days, %d unused, %d old", f.KeepDays, f.IdleDays, f.MaxAgeDays)
			}},
		{ID: "M-9a", Class: "E", EN: "Assess the impact beforehand.", ZH: "事前进行个人信息保护影响评估。",
			Control: "No face before a signed assessment; the log has the one before the other.", Tests: []string{"TestM9a_WithoutASignatureNothingHolds"},
			look: func(f *Facts) (string, string) {
				l := f.Log
				return wrong(l.Enrolled > 0 && (!l.Assessed || l.FirstEnrolled < l.FirstAssessed), "the first face (line %d) was stored before anything was assessed", l.FirstEnrolled),
					fmt.Sprintf("assessed in line %d, before the first face", l.FirstAssessed)
			}},
		{ID: "M-9b", Class: "P", EN: "The assessment covers purpose, effect on rights, risks and protection.", ZH: "评估应涵盖目的方式、权益影响、风险及保护措施。",
			Control: "Four blocks, thirteen questions; hollow answers are refused; claims are compared with what is.", Who: "the handler: that the answers are true",
			Tests: []string{"TestM9b_EachBlockIsNeededAndNoneCanBeBoilerplate", "TestM9b_AClaimThatIsBetterThanTheTruthIsAConflict"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.AssessedBy == "", "nobody has signed an assessment"), "signed by " + f.AssessedBy
			}},
		{ID: "M-9c", Class: "E", EN: "Record the processing.", ZH: "对处理情况进行记录。", Control: "Every act is a line of a signed log, before it has an effect where that matters.",
			Tests: []string{"TestM9c_NothingIsDecidedOffTheRecord", "TestM9c_VerifyNamesWhatWasDone", "TestM9c_ARecordOfAnotherHandIsFound"},
			look: func(f *Facts) (string, string) {
				return wrong(!f.Log.There, "there is no log"), fmt.Sprintf("%d lines since %s", f.Log.Size, f.Log.Oldest.Format(time.DateOnly))
			}},
		{ID: "M-9d", Class: "E", EN: "Keep assessment and records for at least three years.", ZH: "评估报告和处理记录至少保存三年。",
			Control: "Nothing rotates or removes them; when the disk fills up faces rest.", Tests: []string{"TestM9d_NothingRemovesAnAssessment"},
			look: func(f *Facts) (string, string) {
				return wrong(f.CopiesMissing > 0, "%d assessments that the log names are not kept any more", f.CopiesMissing), fmt.Sprintf("%d assessments kept, log since %s", f.Log.Kinds["assessed"], f.Log.Oldest.Format(time.DateOnly))
			}},
		{ID: "M-9e", Class: "E", EN: "Assess anew when purpose or way changes, or after a serious incident.", ZH: "目的、方式变化或发生重大安全事件的，重新评估。",
			Control: "The assessment is bound to purpose, way, model, threshold and place; another one, or an incident, and faces rest.",
			Tests:   []string{"TestM9e_AnotherPurposeWayModelOrThresholdIsAnotherDoor", "TestM9e_AnIncidentVoidsWhatWasSignedBefore"},
			look:    func(f *Facts) (string, string) { return f.Unassessed, "it speaks of this door as it is" }},
		{ID: "M-10a", Class: "E", EN: "Face is never the only way where another does the job.", ZH: "存在其他方式的，不得将人脸识别作为唯一验证方式。",
			Control: "A door that only a face opens is refused; when the other ways fail faces rest.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && len(f.OtherWays) == 0, "face is the only way in"), fmt.Sprintf("other ways in: %v", f.OtherWays)
			}},
		{ID: "M-10b", Class: "E", EN: "Who refuses gets another reasonable and convenient way.", ZH: "不同意的，应提供其他合理且便捷的方式。",
			Control: "Who may pass is decided by rules in which consent is no input.", look: probe("rights", "the decision at the door knows no consent")},
		{ID: "M-10c", Class: "E", EN: "Unless the state provides otherwise.", ZH: "国家另有规定的除外。", Control: "No exception can be configured.",
			Tests: []string{"TestM10c_NoExceptionCanBeConfigured"}, look: probe("override", "override: is refused by the config file")},
		{ID: "M-11", Class: "R", EN: "The national population database and network identity service are encouraged.", ZH: "鼓励优先使用国家人口基础信息库、国家网络身份认证公共服务。",
			Control: "Not used: nobody is asked for an official identity at all.", Who: "the handler: whether they want it"},
		{ID: "M-12", Class: "E", EN: "Nobody may mislead, cheat or coerce people into it.", ZH: "不得误导、欺诈、胁迫个人接受人脸识别。",
			Control: "Texts that press or lure are refused; both answers stand in the same size; a no is not asked again.", Who: "the handler: outside the screen",
			look: func(f *Facts) (string, string) {
				if _, tried := f.Probes["pressing"]; f.NoticeWrong == "" {
					return wrong(!tried || f.Probes["pressing"] != "", "a notice that presses people is taken: %s", f.Probes["pressing"]), "the notice presses nobody"
				}
				return f.NoticeWrong, ""
			}},
		{ID: "M-13a", Class: "R", EN: "In a public place only if public safety needs it.", ZH: "公共场所安装应为维护公共安全所必需。",
			Control: "The place is declared, public or not; public without its reason is refused.", Who: "the handler: that public safety needs it", Tests: []string{"TestM13a_APublicPlaceNeedsAReasonOfPublicSafety"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && (f.Declared.Place == "" || f.Declared.Public && f.Declared.Safety == ""), "the place is not declared, or is public without a reason"),
					fmt.Sprintf("declared as %s, public: %v", f.Declared.Place, f.Declared.Public)
			}},
		{ID: "M-13b", Class: "E", EN: "Set the area of collection reasonably.", ZH: "合理设定采集区域。", Control: "Faces outside the zone, or too far away, are dropped before anything is computed from them.",
			Who: "the installer: that the zone fits the place", Tests: []string{"TestM13b_OfThreePeopleTheOneInTheZoneIsLookedAt", "TestM13b_OfAThousandPassersByNothingIsComputed"}, look: func(f *Facts) (string, string) {
				return wrong(f.Face && !f.Zone, "neither a zone nor a least size keeps passers-by out"), "area: " + f.Declared.Area
			}},
		{ID: "M-13c", Class: "P", EN: "Put up a prominent sign.", ZH: "设置显著提示标识。", Control: "The sign is declared, and looked at once a year; after that faces rest.", Who: "the installer: that it hangs",
			Tests: []string{"TestM13c_TheLookAtTheSignCountsForAYear"}, look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.At.Sub(f.Declared.Confirmed) > 366*24*time.Hour, "nobody has looked at the sign since %s", f.Declared.Confirmed.Format(time.DateOnly)),
					"last looked at on " + f.Declared.Confirmed.Format(time.DateOnly)
			}},
		{ID: "M-13d", Class: "E", EN: "Never inside hotel rooms, public baths, changing rooms or toilets.", ZH: "不得在宾馆客房、公共浴室、更衣室、卫生间等私密空间内安装。",
			Control: "The places are a closed list without these and without \"other\".", Who: "the installer: that the place is what was declared", Tests: []string{"TestM13d_NoFaceWherePeopleSleepWashOrChange"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.Unplaced != "", "%s", f.Unplaced), "the place is on the list: " + f.Declared.Place
			}},
	}
}

// Articles 14 to 20.
func protection() []Check {
	return []Check{
		{ID: "M-14a", Class: "E", EN: "Encrypt.", ZH: "数据加密。", Control: "AES-256-GCM, a key for each person, wrapped by a generation's key that dies with each erasure.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.Enrolled > 0 && f.Tier == "", "it cannot be told what holds the keys"), "keys: " + f.Tier
			}},
		{ID: "M-14b", Class: "P", EN: "Audit.", ZH: "安全审计。", Control: "A transparency log with signed heads; whoever has an older head finds a change.", Who: "an inspector, with the public key: edgectl verify log",
			look: func(f *Facts) (string, string) {
				return f.Log.Wrong, fmt.Sprintf("%d lines fit the signed head", f.Log.Size)
			}},
		{ID: "M-14c", Class: "E", EN: "Control access.", ZH: "访问控制。", Control: "Each room has a user and a folder of its own; no role can read a template.",
			Tests: []string{"TestM14c_EachRoomReachesItsOwnFilesAndNobodyElses", "TestM14c_StaffActsTakeAPINOfStaff"},
			look:  func(f *Facts) (string, string) { return f.Open, "the keeper's folder is closed to everybody else" }},
		{ID: "M-14d", Class: "P", EN: "Manage authorisations.", ZH: "授权管理。", Control: "Staff are named, with hashed PINs; lifting a stop takes two.", Who: "the handler: that the list of staff is today's, and names nobody twice",
			Tests: []string{"TestM14d_OnePersonWithTwoAccountsLiftsNoStop", "TestNothingButTwoPeopleLiftsAStop"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Staff == 0, "nobody is authorised"), fmt.Sprintf("%d members of staff", f.Staff)
			}},
		{ID: "M-14e", Class: "E", EN: "Detect intrusion.", ZH: "入侵检测。", Control: "Frozen frames, a swapped model, a clock set back, wrong PINs in a row and damaged records are noticed and recorded.",
			Who: "the installer: the case and the cable, which no switch watches in this release", Tests: []string{"TestM14e_EachAlarmIsALineOfTheLog", "TestAFrozenPictureIsNotHandedOut", "TestT16_WhatIsBelieved", "TestModelsThatAreNotTheOnes"}, look: func(f *Facts) (string, string) {
				return wrong(f.Clock != "" || f.Models != "", "%s%s", f.Clock, f.Models), "clock and models are as they were"
			}},
		{ID: "M-14f", Class: "E", EN: "Defend against it.", ZH: "入侵防御。", Control: "seccomp, Landlock and empty network namespaces; an alarm costs the face, never the door.", Who: "the installer: that updates come from where they should",
			look: func(f *Facts) (string, string) {
				return wrong(!f.Seccomp || !f.Landlock, "this kernel cannot hold the rooms apart"), "the kernel holds the rooms apart"
			}},
		{ID: "M-14g", Class: "R", EN: "Meet graded protection and critical-infrastructure rules where they apply.", ZH: "涉及等级保护、关键信息基础设施的，依规履行义务。", Control: "This table is the list of controls.", Who: "the handler"},
		{ID: "M-15a", Class: "P", EN: "File with the cyberspace office within 30 working days of 100,000 people.", ZH: "存储人脸信息达十万人之日起三十个工作日内向省级以上网信部门备案。",
			Control: "Distinct people now and at most are counted, said at 80, 95 and 100 %, and the day is worked out.", Who: "the handler: over all their doors, and the receipt",
			Tests: []string{"TestM15a_TheHundredThousandthPersonCountsAndTheOneBeforeDoesNot", "TestM15a_TheMarkNeverGoesBack", "TestM15a_ThirtyWorkingDaysAsTheStateCouncilHasThem"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Overdue, "the filing was due by %s, and none was noted", f.FileBy), fmt.Sprintf("%d now, %d at most, of %d", f.Count.Now, f.Count.High, count.Limit)
			}},
		{ID: "M-15b", Class: "P", EN: "The filing has five parts.", ZH: "备案材料包括基本情况、目的方式、数量与保护措施、处理规则、评估报告。", Control: "One command builds it from live facts, or not at all.", Who: "the handler: that it was handed in",
			Tests: []string{"TestM15b_AFilingHasItsFivePartsOrIsNotBuilt"}, look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.NoticeHash == "", "there are no handling rules to file"), "handling rules: SHA-256 " + short(f.NoticeHash)
			}},
		{ID: "M-15c", Class: "P", EN: "File a change within 30 working days.", ZH: "备案信息发生实质性变更的，三十个工作日内办理变更。", Control: "Each change of purpose, way, model or threshold is a line of the log.", Who: "the handler",
			Tests: []string{"TestM15c_AChangeIsCountedAlsoWhenItIsTakenBack"}, look: func(f *Facts) (string, string) {
				return wrong(f.Log.Enrolled > 0 && f.Log.Kinds["configured"] == 0, "the log does not say what faces are used for"), fmt.Sprintf("%d states of it recorded", f.Log.Kinds["configured"])
			}},
		{ID: "M-15d", Class: "P", EN: "Who stops cancels within 30 working days and disposes of the faces.", ZH: "终止应用的，三十个工作日内注销备案并依法处置人脸信息。", Control: "edged decommission destroys, proves and certifies; edged filing builds the cancellation.",
			Who: "the handler, when it comes to that", Tests: []string{"TestM15d_WhoStopsCancelsWithTheCertificate"}},
		{ID: "M-16", Class: "R", EN: "Authorities share information and coordinate.", ZH: "有关部门信息共享、协同监管。", Control: "Everything an inspector needs is read without a face: edged comply, edged filing, edgectl verify.", Who: "the handler: that inspectors get it"},
		{ID: "M-17", Class: "R", EN: "Complaints and reports are possible.", ZH: "任何组织和个人可以投诉、举报。", Control: "The notice names where to complain.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Face && f.Complaint == "", "the notice names nowhere to complain"), "the notice says: " + f.Complaint
			}},
		{ID: "M-18", Class: "R", EN: "Violations are punished.", ZH: "违反规定的，依法处理。", Control: "This report is shown to whoever signs.", Who: "the handler"},
		{ID: "M-19", Class: "E", EN: "Face information is every electronic record of a face that is not anonymised.", ZH: "人脸信息指以电子方式记录的人脸数据，不含匿名化信息。",
			Control: "One type holds all of them, a handle into locked memory: nothing of it can be printed, sent or written.", Tests: []string{"TestNoFieldOfAnEntryCanHoldAFace"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Programs["courier"].CGO, "the room with the network links C"), "the room with the network is memory-safe, and its words have no room for a face"
			}},
		{ID: "M-20", Class: "P", EN: "In force since 2025-06-01.", ZH: "自2025年6月1日起施行。", Control: "Each line of the log names the rules in force; what is stored today is held to today's.", Tests: []string{"TestM20_EachDayHasItsRules"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.OtherRules > 0, "%d lines name other rules than were in force", f.Log.OtherRules), "rules in force: " + f.Rules
			}},
	}
}

// wrong is the sentence when something is wrong.
func wrong(is bool, format string, args ...any) string {
	if !is {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// probe looks at what came of trying this very program against a rule. One that was not tried is not green.
func probe(name, evidence string) func(*Facts) (string, string) {
	return func(f *Facts) (string, string) {
		why, tried := f.Probes[name]
		if !tried {
			why = "it was not tried"
		}
		return why, evidence + " (tried now)"
	}
}

func short(hash string) string {
	if len(hash) > 16 {
		return hash[:16] + "…"
	}
	return hash
}
