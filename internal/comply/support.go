package comply

import "fmt"

// Supporting law: Personal Information Protection Law (P), Regulations on network data security (N), on the protection
// of minors on the network (Y), Civil Code (C), Barrier-free Environment Law (A), Cybersecurity Law (CSL).
func support() []Check {
	return []Check{
		{ID: "P-13", Class: "E", EN: "There must be a legal basis.", ZH: "处理须有合法性基础。", Control: "Separate consent; there is no other in this release.", Follows: "J-5"},
		{ID: "P-14", Class: "E", EN: "Another purpose, way or kind of data needs a new consent.", ZH: "目的、方式、种类变更须重新取得同意。", Control: "Consents name the hash of what was agreed to.", Follows: "M-5c"},
		{ID: "P-15", Class: "E", EN: "Consent can be withdrawn.", ZH: "有权撤回同意。", Control: "As M-6b.", Follows: "M-6b"},
		{ID: "P-16", Class: "E", EN: "No service is refused for that.", ZH: "不得因不同意或撤回而拒绝服务。", Control: "As M-10b.", Follows: "M-10b"},
		{ID: "P-17, P-30", Class: "P", EN: "Who, why, how, what kinds, how long, which rights, why necessary.", ZH: "告知名称、目的、方式、种类、期限、权利、必要性及影响。", Control: "As M-5b.", Follows: "M-5b"},
		{ID: "P-18", Class: "E", EN: "After an emergency, tell promptly.", ZH: "紧急情况消除后及时告知。", Control: "No emergency basis exists.", Follows: "J-5"},
		{ID: "P-19, P-47", Class: "E", EN: "Shortest retention; delete of one's own accord.", ZH: "保存期限最短；主动删除。", Control: "Six reasons to erase; what fails is tried again and counted.", look: func(f *Facts) (string, string) {
			return wrong(f.Log.Owed > 0, "%d faces had to be erased and could not be yet", f.Log.Owed), "no erasure is owed"
		}},
		{ID: "P-21 to 23", Class: "E", EN: "Whoever gets it is named and agreed to.", ZH: "委托、共同处理、提供须约定并告知接收方，取得单独同意。", Control: "Nobody gets a face: each request is refused and recorded.", Tests: []string{"TestP21_EveryRequestForAFaceIsRefusedAndRecorded", "TestM8b_ConsentToTheDoorIsNoConsentToExport"}, look: func(f *Facts) (string, string) {
			return wrong(f.Log.Exported > 0, "%d faces were handed out", f.Log.Exported), fmt.Sprintf("0 handed out, %d requests refused", f.Log.Kinds["export-refused"])
		}},
		{ID: "P-24", Class: "E", EN: "Significant automated decisions are explained and may be refused.", ZH: "自动化决策应保证透明，可拒绝。", Control: "Every refusal offers the PIN at once; staff can let in.", Who: "staff: that somebody can be called",
			Tests: []string{"TestP24_EveryRefusalOfAFaceNamesAnotherWay", "TestP24_EveryRefusalHasAReasonAndThePINOpensAllTheSame", "TestM5d_WhomLivenessDoesNotSuitIsNotLockedOut"}},
		{ID: "P-26", Class: "E", EN: "What is seen in public is for public safety only.", ZH: "公共场所采集仅限维护公共安全。", Control: "As M-13a.", Follows: "M-13a"},
		{ID: "P-28, 29, 31", Class: "E", EN: "Biometrics and children's data are sensitive.", ZH: "生物识别及不满十四周岁信息属敏感个人信息。", Control: "As M-7a.", Follows: "M-7a"},
		{ID: "P-38 to 41", Class: "E", EN: "Nothing abroad without the mechanism, nor to foreign authorities.", ZH: "跨境提供须满足条件；未经批准不得向境外机构提供。", Control: "No face is sent anywhere.", Who: "the handler: where the broker of events stands",
			Tests: []string{"TestP38_NoOneCanBeNamedToWhomAFaceIsSent", "TestP38_AskingAgainGetsNoFurther", "TestNoByteOfAFaceLeaves"}},
		{ID: "P-44 to 50", Class: "E", EN: "Know, see, copy, correct, restrict, delete; relatives; refusals with reasons.", ZH: "知情、查阅、复制、更正、限制、删除等权利。", Control: "At the terminal with the PIN, never with a face; reading is recorded.", Who: "staff: what is asked on paper"},
		{ID: "P-51", Class: "R", EN: "Internal rules, training, an incident plan.", ZH: "内部制度、培训、应急预案。", Control: "docs/threats.md is where to begin.", Who: "the handler"},
		{ID: "P-52", Class: "R", EN: "A person responsible, from a number on.", ZH: "达到规定数量的指定负责人。", Control: "The notice has room for them.", Who: "the handler"},
		{ID: "P-54, N-27", Class: "P", EN: "Audit regularly.", ZH: "定期合规审计。", Control: "This command, and the log's verifier.", Who: "the handler: once a year",
			Tests: []string{"TestP54_TheNextAuditFindsAChangedLine", "TestVerifyNeedsNothingButThePublicKey", "TestRedItemsStopTheSignOff"}},
		{ID: "P-55, P-56", Class: "E", EN: "Assess before sensitive data; keep it for three years.", ZH: "处理敏感信息前评估并保存三年。", Control: "As M-9a.", Follows: "M-9a"},
		{ID: "P-57", Class: "P", EN: "After a leak, or a possible one: act, and tell authority and people.", ZH: "发生或可能发生泄露的，立即补救并通知。", Control: "edged stop face --reason incident stops, records, and voids the assessment.", Who: "the handler: telling them",
			Tests: []string{"TestP57_AnIncidentStopsAtOnceAndIsALine", "TestM9e_AfterAnIncidentFacesRestUntilItIsAssessedAnew"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.Incidents > 0, "%d incidents since the last assessment", f.Log.Incidents), "no incident since the last assessment"
			}},
		{ID: "P-63", Class: "R", EN: "Authorities may ask, copy, inspect and seize.", ZH: "监管部门可询问、查阅、检查、扣押。", Control: "As M-16.", Follows: "M-16"},
		{ID: "P-69", Class: "P", EN: "Who cannot prove that it was not their fault is liable.", ZH: "不能证明无过错的承担责任。", Control: "As J-6.", Follows: "J-6"},
		{ID: "N-9", Class: "E", EN: "Encryption, backup, access control, authentication.", ZH: "加密、备份、访问控制、安全认证。", Control: "Config and log may be backed up, faces never: the answer to loss is enrolling again.", Who: "the handler: a backup of config and log",
			Tests: []string{"TestN9_WhatMayBeBackedUpHoldsNoFace", "TestFilesOnAnotherDeviceOpenNothing"},
			look: func(f *Facts) (string, string) {
				return wrong(f.Clear, "events go to the broker in the clear"), wrongOr(f.Broker, "events go to the broker encrypted, or stay on this machine", "nothing is told to any broker")
			}},
		{ID: "N-10, N-11", Class: "R", EN: "Mend flaws at once and tell; have an incident plan.", ZH: "发现缺陷立即补救并告知；应急预案。", Control: "edged version.", Who: "the handler"},
		{ID: "N-12", Class: "E", EN: "Records of handing out are kept for three years.", ZH: "提供、委托处理记录至少保存三年。", Control: "As M-9d.", Follows: "M-9d"},
		{ID: "N-21", Class: "P", EN: "The rules say what happens at the end.", ZH: "明示保存期限届满后的处理方式。", Control: "A part of the notice.", Tests: []string{"TestN21_WhatHappensAtTheEndMustBeSaid"}, look: func(f *Facts) (string, string) {
			return wrong(f.Face && f.AtEnd == "", "the notice does not say what happens at the end"), "said: " + f.AtEnd
		}},
		{ID: "N-22", Class: "E", EN: "After a clear no, do not keep asking.", ZH: "明确拒绝后不得频繁征求同意。", Control: "As M-12.", Follows: "M-12"},
		{ID: "N-24", Class: "E", EN: "What is swept up of others is deleted or anonymised.", ZH: "自动化采集的非必要信息须删除或匿名化。", Control: "As M-13b.", Follows: "M-13b"},
		{ID: "Y-32, 36, 37", Class: "P", EN: "Minors: least access, approved before, logged, audited each year.", ZH: "未成年人信息：最小授权、审批、留痕、每年审计。", Control: "Two members of staff read a child's record; each look is a line.", Who: "the handler: the yearly audit",
			Tests: []string{"TestY32_AChildsRecordIsReadByTwoOnly", "TestM7b_WhoMayLook"}},
		{ID: "C-201, C-203", Class: "E", EN: "The first day is not counted; a day off moves the last one.", ZH: "开始当日不计入；末日为休假日的顺延。", Control: "The State Council's schedule with its make-up days.", Tests: []string{"TestM15a_ThirtyWorkingDaysAsTheStateCouncilHasThem", "TestM15a_AMissingScheduleGivesAProvisionalDay"},
			look: probe("working-days", "what was reached on 2025-05-31 is due on 2025-07-14, as the authority has said")},
		{ID: "C-202", Class: "E", EN: "Where the month lacks the day, its last day counts.", ZH: "无对应日的以月末日为准。", Control: "Birthdays on 29 February.", look: probe("leap-day", "born on 2012-02-29: one's own consent from 2026-03-01")},
		{ID: "C-17, C-19", Class: "E", EN: "Under 18 is a minor.", ZH: "不满十八周岁为未成年人。", Control: "As M-7a.", Follows: "M-7a"},
		{ID: "A-33", Class: "P", EN: "Terminals have large text and voice.", ZH: "自助终端应具备语音、大字等功能。", Control: "As M-5d.", Follows: "M-5d"},
		{ID: "CSL-21", Class: "E", EN: "Network logs are kept for six months.", ZH: "网络日志留存不少于六个月。", Control: "As M-9d.", Follows: "M-9d"},
	}
}

func wrongOr(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
