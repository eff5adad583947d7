"""Which RIF column becomes which record field. The readers read what stands here and nothing else.

CMS names its columns in its public data dictionary (Chronic Conditions Warehouse); amounts and codes for which the
Common Payer Consumer Data Set has no element keep that name as their category.
"""

from __future__ import annotations

from fhir_facade.contracts.records import Amount

VARIABLES = "https://bluebutton.cms.gov/resources/variables/"
"""CMS's URI of a column is this and the column's name in lower case."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CLAIM = {
    "DML_IND": "whether the record is new or deleted",
    "BENE_ID": "Claim.member_id",
    "CLM_GRP_ID": "Claim.other_identifiers",
    "FINAL_ACTION": "Claim.status",
}
NCH = CLAIM | {
    "CLM_ID": "Claim.claim_number",
    "CLM_FROM_DT": "Claim.service_start",
    "CLM_THRU_DT": "Claim.service_end",
    "NCH_WKLY_PROC_DT": "Claim.received_on, Claim.last_updated",
    "PRNCPAL_DGNS_CD": "Claim.diagnoses[principal]",
    "PRNCPAL_DGNS_VRSN_CD": "Claim.diagnoses[principal].code.system",
    "HCPCS_CD": "ClaimLine.procedure",
    "HCPCS_1ST_MDFR_CD": "ClaimLine.modifiers",
    "HCPCS_2ND_MDFR_CD": "ClaimLine.modifiers",
    "HCPCS_3RD_MDFR_CD": "ClaimLine.modifiers",
    "HCPCS_4TH_MDFR_CD": "ClaimLine.modifiers",
}
PROFESSIONAL = NCH | {
    "CARR_CLM_CNTL_NUM": "Claim.other_identifiers",
    "CARR_CLM_PMT_DNL_CD": "Claim.payment_status",
    "CARR_CLM_PRVDR_ASGNMT_IND_SW": "Claim.payee",
    "RFR_PHYSN_NPI": "Claim.care_team[referring]",
    "RFR_PHYSN_UPIN": "Claim.care_team[referring]",
    "LINE_NUM": "ClaimLine.number",
    "LINE_SRVC_CNT": "ClaimLine.units",
    "LINE_PLACE_OF_SRVC_CD": "ClaimLine.place_of_service",
    "LINE_1ST_EXPNS_DT": "ClaimLine.service_start",
    "LINE_LAST_EXPNS_DT": "ClaimLine.service_end",
    "LINE_PRCSG_IND_CD": "ClaimLine.denied",
    "LINE_ICD_DGNS_CD": "Claim.diagnoses",
    "LINE_ICD_DGNS_VRSN_CD": "Claim.diagnoses[].code.system",
    "LINE_BENE_PRMRY_PYR_CD": "Claim.other_payers",
}
CARRIER = PROFESSIONAL | {
    "CARR_CLM_BLG_NPI_NUM": "Claim.billing_provider",
    "ORG_NPI_NUM": "Claim.billing_provider",
    "PRF_PHYSN_NPI": "Claim.care_team[rendering]",
    "PRF_PHYSN_UPIN": "Claim.care_team[rendering]",
}
DME = PROFESSIONAL | {
    "PRVDR_NPI": "Claim.billing_provider",
    "PRVDR_NUM": "Claim.billing_provider",
}
INSTITUTIONAL = NCH | {
    "FI_CLM_PROC_DT": "Claim.adjudicated_on, Claim.last_updated",
    "FI_DOC_CLM_CNTL_NUM": "Claim.other_identifiers",
    "FI_ORIG_CLM_CNTL_NUM": "Claim.prior_claims",
    "CLAIM_QUERY_CODE": "Claim.status",
    "PRVDR_NUM": "Claim.billing_provider",
    "ORG_NPI_NUM": "Claim.billing_provider",
    "CLM_FAC_TYPE_CD": "Claim.type_of_bill",
    "CLM_SRVC_CLSFCTN_TYPE_CD": "Claim.type_of_bill",
    "CLM_FREQ_CD": "Claim.type_of_bill, Claim.status",
    "CLM_MDCR_NON_PMT_RSN_CD": "Claim.payment_status",
    "NCH_PRMRY_PYR_CD": "Claim.other_payers",
    "AT_PHYSN_NPI": "Claim.care_team[attending]",
    "AT_PHYSN_UPIN": "Claim.care_team[attending]",
    "OP_PHYSN_NPI": "Claim.care_team[operating]",
    "OP_PHYSN_UPIN": "Claim.care_team[operating]",
    "OT_PHYSN_NPI": "Claim.care_team[otheroperating]",
    "OT_PHYSN_UPIN": "Claim.care_team[otheroperating]",
    "RNDRNG_PHYSN_NPI": "Claim.care_team[rendering], Claim.details of outpatient claims",
    "RNDRNG_PHYSN_UPIN": "Claim.care_team[rendering]",
    "PTNT_DSCHRG_STUS_CD": "Claim.discharge_status",
    "CLM_ADMSN_DT": "Claim.admitted_on",
    "CLM_HOSPC_START_DT_ID": "Claim.admitted_on",
    "NCH_BENE_DSCHRG_DT": "Claim.discharged_on",
    "CLM_IP_ADMSN_TYPE_CD": "Claim.admission_type",
    "CLM_SRC_IP_ADMSN_CD": "Claim.point_of_origin",
    "CLM_DRG_CD": "Claim.drg",
    "ADMTG_DGNS_CD": "Claim.diagnoses[admitting]",
    "ADMTG_DGNS_VRSN_CD": "Claim.diagnoses[admitting].code.system",
    "FST_DGNS_E_CD": "Claim.diagnoses[externalcauseofinjury]",
    "FST_DGNS_E_VRSN_CD": "Claim.diagnoses[externalcauseofinjury].code.system",
    "CLM_LINE_NUM": "ClaimLine.number",
    "REV_CNTR": "ClaimLine.revenue",
    "REV_CNTR_DT": "ClaimLine.service_start",
    "REV_CNTR_UNIT_CNT": "ClaimLine.units",
    "REV_CNTR_1ST_ANSI_CD": "ClaimLine.adjustments",
    "REV_CNTR_2ND_ANSI_CD": "ClaimLine.adjustments",
    "REV_CNTR_3RD_ANSI_CD": "ClaimLine.adjustments",
    "REV_CNTR_4TH_ANSI_CD": "ClaimLine.adjustments",
}
PHARMACY = CLAIM | {
    "PDE_ID": "Claim.claim_id, Claim.other_identifiers",
    "SRVC_DT": "Claim.service_start, ClaimLine.service_start",
    "PD_DT": "Claim.paid_on, Claim.adjudicated_on, Claim.last_updated",
    "SRVC_PRVDR_ID_QLFYR_CD": "Claim.billing_provider",
    "SRVC_PRVDR_ID": "Claim.billing_provider",
    "PRSCRBR_ID_QLFYR_CD": "Claim.care_team[prescribing]",
    "PRSCRBR_ID": "Claim.care_team[prescribing]",
    "RX_SRVC_RFRNC_NUM": "Claim.claim_number",
    "PROD_SRVC_ID": "ClaimLine.drug",
    "CMPND_CD": "Claim.pharmacy.compound_code",
    "DAW_PROD_SLCTN_CD": "Claim.pharmacy.daw_code",
    "QTY_DSPNSD_NUM": "ClaimLine.quantity",
    "DAYS_SUPLY_NUM": "Claim.pharmacy.days_supply",
    "FILL_NUM": "Claim.pharmacy.fill_number",
    "RX_ORGN_CD": "Claim.pharmacy.origin",
    "BRND_GNRC_CD": "Claim.pharmacy.brand_generic",
    "ADJSTMT_DLTN_CD": "Claim.status",
}

TOTALS = {
    "NCH_CARR_CLM_SBMTD_CHRG_AMT": Amount.SUBMITTED,
    "NCH_CARR_CLM_ALOWD_AMT": Amount.ELIGIBLE,
    "CARR_CLM_CASH_DDCTBL_APLD_AMT": Amount.DEDUCTIBLE,
    "CARR_CLM_PRMRY_PYR_PD_AMT": Amount.PRIOR_PAYER_PAID,
    "NCH_CLM_PRVDR_PMT_AMT": Amount.PAID_TO_PROVIDER,
    "NCH_CLM_BENE_PMT_AMT": Amount.PAID_TO_PATIENT,
    "CLM_PMT_AMT": Amount.BENEFIT,
    "CLM_TOT_CHRG_AMT": Amount.SUBMITTED,
    "NCH_PRMRY_PYR_CLM_PD_AMT": Amount.PRIOR_PAYER_PAID,
    "NCH_BENE_IP_DDCTBL_AMT": Amount.DEDUCTIBLE,
    "NCH_BENE_PTA_COINSRNC_LBLTY_AM": Amount.COINSURANCE,
    "NCH_IP_NCVRD_CHRG_AMT": Amount.NONCOVERED,
    "NCH_IP_TOT_DDCTN_AMT": Amount.MEMBER_LIABILITY,
    "NCH_BENE_PTB_DDCTBL_AMT": Amount.DEDUCTIBLE,
    "NCH_BENE_PTB_COINSRNC_AMT": Amount.COINSURANCE,
    "CLM_OP_PRVDR_PMT_AMT": Amount.PAID_TO_PROVIDER,
    "CLM_OP_BENE_PMT_AMT": Amount.PAID_TO_PATIENT,
}
"""Claim amounts → ``Claim.totals``."""

LINE_AMOUNTS = {
    "LINE_SBMTD_CHRG_AMT": Amount.SUBMITTED,
    "LINE_ALOWD_CHRG_AMT": Amount.ELIGIBLE,
    "LINE_NCH_PMT_AMT": Amount.BENEFIT,
    "LINE_PRVDR_PMT_AMT": Amount.PAID_TO_PROVIDER,
    "LINE_BENE_PMT_AMT": Amount.PAID_TO_PATIENT,
    "LINE_BENE_PTB_DDCTBL_AMT": Amount.DEDUCTIBLE,
    "LINE_COINSRNC_AMT": Amount.COINSURANCE,
    "LINE_BENE_PRMRY_PYR_PD_AMT": Amount.PRIOR_PAYER_PAID,
    "REV_CNTR_TOT_CHRG_AMT": Amount.SUBMITTED,
    "REV_CNTR_NCVRD_CHRG_AMT": Amount.NONCOVERED,
    "REV_CNTR_CASH_DDCTBL_AMT": Amount.DEDUCTIBLE,
    "REV_CNTR_COINSRNC_WGE_ADJSTD_C": Amount.COINSURANCE,
    "REV_CNTR_1ST_MSP_PD_AMT": Amount.PRIOR_PAYER_PAID,
    "REV_CNTR_PRVDR_PMT_AMT": Amount.PAID_TO_PROVIDER,
    "REV_CNTR_BENE_PMT_AMT": Amount.PAID_TO_PATIENT,
    "REV_CNTR_PTNT_RSPNSBLTY_PMT": Amount.MEMBER_LIABILITY,
    "REV_CNTR_PMT_AMT_AMT": Amount.BENEFIT,
    "TOT_RX_CST_AMT": Amount.DRUG_COST,
    "PTNT_PAY_AMT": Amount.PAID_BY_PATIENT,
    "CVRD_D_PLAN_PD_AMT": Amount.BENEFIT,
    "PLRO_AMT": Amount.PRIOR_PAYER_PAID,
    "RPTD_GAP_DSCNT_NUM": Amount.DISCOUNT,
}
"""Line amounts → ``ClaimLine.amounts``."""

LOCAL_AMOUNTS = _names(
    "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM NCH_PROFNL_CMPNT_CHRG_AMT CLM_PASS_THRU_PER_DIEM_AMT CLM_TOT_PPS_CPTL_AMT "
    "CLM_PPS_CPTL_FSP_AMT CLM_PPS_CPTL_OUTLIER_AMT CLM_PPS_CPTL_DSPRPRTNT_SHR_AMT CLM_PPS_CPTL_IME_AMT "
    "CLM_PPS_CPTL_EXCPTN_AMT CLM_PPS_OLD_CPTL_HLD_HRMLS_AMT NCH_DRG_OUTLIER_APRVD_PMT_AMT IME_OP_CLM_VAL_AMT "
    "DSH_OP_CLM_VAL_AMT CLM_UNCOMPD_CARE_PMT_AMT REV_CNTR_RATE_AMT REV_CNTR_BLOOD_DDCTBL_AMT "
    "REV_CNTR_RDCD_COINSRNC_AMT REV_CNTR_2ND_MSP_PD_AMT LINE_PRMRY_ALOWD_CHRG_AMT LINE_DME_PRCHS_PRICE_AMT "
    "DMERC_LINE_SCRN_SVGS_AMT GDC_BLW_OOPT_AMT GDC_ABV_OOPT_AMT OTHR_TROOP_AMT LICS_AMT NCVRD_PLAN_PD_AMT"
)
"""Amounts of CMS's own kinds → ``local_amounts`` of the claim or the line, whichever the column belongs to."""

CODES = _names(
    "NCH_NEAR_LINE_REC_IDENT_CD NCH_CLM_TYPE_CD CARR_CLM_ENTRY_CD CLM_DISP_CD CARR_CLM_PMT_DNL_CD "
    "CARR_CLM_PRVDR_ASGNMT_IND_SW CARR_CLM_HCPCS_YR_CD CLAIM_QUERY_CODE CLM_MDCR_NON_PMT_RSN_CD NCH_PRMRY_PYR_CD "
    "FI_CLM_ACTN_CD PRVDR_STATE_CD CLM_MCO_PD_SW CLM_PPS_IND_CD NCH_PTNT_STATUS_IND_CD CLM_DRG_OUTLIER_STAY_CD "
    "CLM_HHA_LUPA_IND_CD CLM_HHA_RFRL_CD DSPNSNG_STUS_CD DRUG_CVRG_STUS_CD ADJSTMT_DLTN_CD NSTD_FRMT_CD "
    "PRCNG_EXCPTN_CD CTSTRPHC_CVRG_CD PHRMCY_SRVC_TYPE_CD PTNT_RSDNC_CD SUBMSN_CLR_CD CARR_LINE_PRVDR_TYPE_CD "
    "PRVDR_SPCLTY PRTCPTNG_IND_CD CARR_LINE_RDCD_PMT_PHYS_ASTN_C LINE_CMS_TYPE_SRVC_CD CARR_LINE_PRCNG_LCLTY_CD "
    "BETOS_CD LINE_BENE_PRMRY_PYR_CD LINE_PRCSG_IND_CD LINE_PMT_80_100_CD LINE_SERVICE_DEDUCTIBLE "
    "LINE_HCT_HGB_TYPE_CD HPSA_SCRCTY_IND_CD DMERC_LINE_SUPPLR_TYPE_CD DMERC_LINE_PRCNG_STATE_CD "
    "REV_CNTR_DDCTBL_COINSRNC_CD REV_CNTR_STUS_IND_CD REV_CNTR_PMT_MTHD_IND_CD REV_CNTR_DSCNT_IND_CD "
    "REV_CNTR_PACKG_IND_CD REV_CNTR_OTAF_PMT_CD REV_CNTR_APC_HIPPS_CD REV_CNTR_1ST_ANSI_CD REV_CNTR_2ND_ANSI_CD "
    "REV_CNTR_3RD_ANSI_CD REV_CNTR_4TH_ANSI_CD"
)
"""Codes of CMS's own → ``details`` of the claim or the line."""

DRUG_CODES = frozenset({"LINE_NDC_CD", "REV_CNTR_IDE_NDC_UPC_NUM"})
"""National drug codes of lines that are not pharmacy lines → ``ClaimLine.details``."""

TEXTS = _names(
    "CARR_NUM FI_NUM CLM_CLNCL_TRIL_NUM CARR_CLM_RFRNG_PIN_NUM PLAN_CNTRCT_REC_ID PLAN_PBP_REC_NUM "
    "CARR_PRFRNG_PIN_NUM CARR_LINE_CLIA_LAB_NUM CARR_LINE_RX_NUM PRVDR_ZIP"
)
"""Numbers that identify somebody else's record → ``details`` as text."""

QUANTITIES = {
    "CLM_UTLZTN_DAY_CNT": None,
    "BENE_TOT_COINSRNC_DAYS_CNT": None,
    "BENE_LRD_USED_CNT": None,
    "CLM_NON_UTLZTN_DAYS_CNT": None,
    "NCH_BLOOD_PNTS_FRNSHD_QTY": None,
    "CLM_PPS_CPTL_DRG_WT_NUM": None,
    "CLM_HHA_TOT_VISIT_CNT": None,
    "BENE_HOSPC_PRD_CNT": None,
    "CARR_LINE_MTUS_CNT": "CARR_LINE_MTUS_CD",
    "CARR_LINE_ANSTHSA_UNIT_CNT": None,
    "LINE_HCT_HGB_RSLT_NUM": None,
    "DMERC_LINE_MTUS_CNT": "DMERC_LINE_MTUS_CD",
    "REV_CNTR_NDC_QTY": "REV_CNTR_NDC_QTY_QLFR_CD",
}
"""Counts → ``details`` as quantities; the value names the column that says what is counted."""

DAYS = _names(
    "NCH_VRFD_NCVRD_STAY_FROM_DT NCH_VRFD_NCVRD_STAY_THRU_DT NCH_ACTV_OR_CVRD_LVL_CARE_THRU "
    "NCH_BENE_MDCR_BNFTS_EXHTD_DT_I NCH_QLFYD_STAY_FROM_DT NCH_QLFYD_STAY_THRU_DT"
)
"""Days → ``details``."""
