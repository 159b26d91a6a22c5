package comply

import "fmt"

// The judicial provisions of the Supreme People's Court on civil cases about face recognition, Fashi [2021] No. 15, in
// force 2021-08-01.
func judicial() []Check {
	return []Check{
		{ID: "J-1a", Class: "E", EN: "What is generated from recognition is protected as well.", ZH: "基于人脸识别生成的信息同样受保护。", Control: "Who went where stands in the keeper's own folder; no score leaves the keeper.", Tests: []string{"TestJ1a_WhoWentWhereIsNotForWhoeverWantsToKnow", "TestWhatChangesOnTheDiskTurnsItsOwnRowRed"},
			look: func(f *Facts) (string, string) { return f.Traces, "the log of passages is closed to others" }},
		{ID: "J-1b", Class: "E", EN: "Storing, using, sending and deleting are all processing.", ZH: "处理包括收集、存储、使用、加工、传输、提供、公开等。", Control: "Each verb is one call that writes its line.", Follows: "M-9c"},
		{ID: "J-1c", Class: "E", EN: "Face information is biometric information.", ZH: "人脸信息属于生物识别信息。", Control: "As M-19.", Follows: "M-19"},
		{ID: "J-2a", Class: "E", EN: "No unlawful verification, identification or analysis in business and public places.", ZH: "经营场所、公共场所不得违法进行人脸验证、辨识或者分析。", Control: "No model of age, mood, sex or habit is installed or loaded: models are pinned by hash.",
			Who: "the handler: what else runs on this terminal", Tests: []string{"TestJ2a_ANetworkForAnalysisIsRefusedAndNeverRead"}, look: func(f *Facts) (string, string) {
				return wrong(f.StrayModels > 0, "%d networks lie in the model folder that the pack does not name", f.StrayModels), "only the pack's own networks are there"
			}},
		{ID: "J-2b", Class: "P", EN: "Publish the rules, purpose, way and scope.", ZH: "公开处理规则，明示目的、方式、范围。", Control: "The notice is read at the terminal by anybody.", Follows: "M-5b"},
		{ID: "J-2c", Class: "E", EN: "Separate consent of the person or guardian.", ZH: "须取得自然人或其监护人的单独同意。", Control: "As M-6a.", Follows: "M-6a"},
		{ID: "J-2d", Class: "E", EN: "Not beyond the stated purpose, way and scope.", ZH: "不得违反明示或约定的目的、方式、范围。", Control: "As M-4a.", Follows: "M-4a"},
		{ID: "J-2e", Class: "P", EN: "Technical measures so that nothing is leaked, altered or lost.", ZH: "采取技术措施确保安全，防止泄露、篡改、丢失。", Control: "Crash-safe files; a damaged one is set aside and said, never used.",
			Tests: []string{"TestJ2e_AnEnrolmentCutOffAnywhereIsThereAsBeforeOrAsAfter", "TestKilledAtEachStepOfErase", "TestJ2e_APowerCutLosesNothingThatWasAcknowledged", "TestPowerCuts"},
			look: func(f *Facts) (string, string) {
				return wrong(f.SetAside > 0, "%d damaged files were set aside: look at them", f.SetAside), "no file was found damaged"
			}},
		{ID: "J-2f", Class: "E", EN: "Not given to others.", ZH: "不得违法向他人提供。", Control: "As M-8b.", Follows: "M-8b"},
		{ID: "J-2g, J-2h", Class: "R", EN: "Nothing against public order, nothing improper or unnecessary.", ZH: "不得违背公序良俗或者违反合法、正当、必要原则。", Control: "Declaration and assessment.", Who: "the handler"},
		{ID: "J-3", Class: "P", EN: "Courts weigh whether a minor was harmed, how people were told and agreed, and how necessary it was.", ZH: "法院考量是否未成年人、告知同意情况、必要程度。", Control: "edged evidence answers exactly these, line by line.",
			Tests: []string{"TestJ3_EvidenceAnswersTheCourtsQuestions"}, Follows: "J-6"},
		{ID: "J-4a", Class: "E", EN: "\"No consent, no service\" is void.", ZH: "不同意就不提供服务的同意无效。", Control: "The PIN does not depend on a face in any way, and cannot be made to.", Tests: []string{"TestJ4a_NoOtherWayCanBeMadeToWaitForAFace", "TestConsentIsNotAnInput"}, look: probe("after-face", "a PIN that comes only after a face cannot be configured")},
		{ID: "J-4b", Class: "E", EN: "Consent bundled with others is void.", ZH: "与其他授权捆绑的同意无效。", Control: "One notice, one kind of data, one purpose.", look: probe("bundle", "a notice for two kinds of data is refused")},
		{ID: "J-4c", Class: "E", EN: "Force, also disguised, voids consent.", ZH: "强迫或者变相强迫的同意无效。", Control: "As M-12.", Follows: "M-12"},
		{ID: "J-5", Class: "E", EN: "Emergency, public safety and other excuses are for the handler to prove.", ZH: "应急、公共安全等免责事由由处理者证明。", Control: "No basis but consent exists in this release, so none can become a habit.", Tests: []string{"TestJ5_NoBasisButConsentCanBeSet", "TestJ5_NothingStandsInForTheirOwnAct"}, look: probe("emergency", "emergency: is refused by the config file")},
		{ID: "J-6", Class: "P", EN: "The handler must prove that the law was kept.", ZH: "处理者对其行为合法承担举证责任。", Control: "Evidence is checked offline; what the lines do not bear is called \"cannot be proved\".",
			Tests: []string{"TestJ6_ALineThatIsMissingIsShownAndNeverGreen", "TestJ6_ForgedEvidenceDoesNotVerify"}, look: func(f *Facts) (string, string) {
				return wrong(f.Log.WithoutTier > 0, "%d erasures do not say what they could destroy", f.Log.WithoutTier), fmt.Sprintf("%d erasures, each with what it could destroy", f.Log.Kinds["erased"])
			}},
		{ID: "J-7", Class: "R", EN: "Several handlers answer together.", ZH: "多个处理者依法承担责任。", Control: "One handler stands in the notice; nothing is given to any other.", Who: "the handler: contracts"},
		{ID: "J-8", Class: "R", EN: "Loss and costs are recoverable.", ZH: "财产损失及合理开支可主张赔偿。", Control: "Evidence per person.", Who: "the handler"},
		{ID: "J-9", Class: "E", EN: "A court may order an immediate stop.", ZH: "法院可责令停止侵害。", Control: "edged stop face: at once, over restarts, lifted by two.",
			look: func(f *Facts) (string, string) {
				return wrong(f.Log.FaceWhileResting > 0, "%d doors were opened by a face while faces were stopped", f.Log.FaceWhileResting), fmt.Sprintf("stopped %d times, lifted %d times, no door by face between", f.Log.Stopped, f.Log.Lifted)
			}},
		{ID: "J-10a", Class: "E", EN: "Property managers give those who refuse another way.", ZH: "物业应向不同意的业主提供其他合理方式。", Control: "As M-10a.", Follows: "M-10a"},
		{ID: "J-10b", Class: "R", EN: "The same holds against property managers.", ZH: "物业侵权适用相同规则。", Control: "The notice names them.", Who: "the handler"},
		{ID: "J-11", Class: "E", EN: "Endless, irrevocable or transferable consent is void.", ZH: "无期限、不可撤销、可任意转授权的格式条款无效。", Control: "Each consent has an end and a way back; longer than three years is refused.",
			look: func(f *Facts) (string, string) {
				if why, tried := f.Probes["endless"]; !tried || why != "" {
					return "an endless retention is taken: " + why, ""
				}
				return wrong(f.Log.WithoutEnd > 0, "%d faces were stored without an end", f.Log.WithoutEnd), "each face was stored with an end"
			}},
		{ID: "J-12", Class: "E", EN: "Deletion may be demanded whatever the contract says.", ZH: "违约处理的，可请求删除，无论合同有无约定。", Control: "Deletion depends on no setting.", Tests: []string{"TestJ12_NoSettingForbidsDeleting", "TestJ12_DeletingNeedsNobodysLeaveAndCostsNoWayIn"}, look: probe("allow-delete", "allow_delete: false is refused by the config file")},
		{ID: "J-13, J-14", Class: "P", EN: "Joined cases and public-interest suits.", ZH: "合并审理、公益诉讼。", Control: "Evidence is per person and shows no face.", Follows: "J-6"},
		{ID: "J-15", Class: "R", EN: "Close relatives of the dead may claim.", ZH: "死者近亲属可主张权利。", Control: "A request at the desk, decided by staff; the face is erased.", Who: "staff: whether they are relatives"},
		{ID: "J-16", Class: "P", EN: "In force since 2021-08-01; what is stored today is processed today.", ZH: "自2021年8月1日起施行。", Control: "No template can be brought in from elsewhere; nothing is grandfathered.", Tests: []string{"TestJ16_TheRulesBeginInOrderAndNoneIsLost"},
			look: probe("rules", "the rules in force are found for days before, between and after")},
	}
}
