-- The labels of `squall.core.gravity.event_kinds`; a test compares them.
arrayStringConcat
(
    arrayMap
    (
        name -> transform
        (
            name,
            ['insolvency', 'bailout', 'fraud', 'legal', 'rating_cut', 'results', 'accident', 'cyber', 'outage', 'recall', 'sanctions', 'strike', 'executive', 'regulator', 'market_crash'],
            ['insolvency or default', 'bail-out or rescue', 'fraud or investigation', 'fine, lawsuit or settlement', 'rating cut', 'profit warning or bad results', 'accident or disaster', 'cyber attack or data breach', 'outage or trading fault', 'recall or product safety', 'sanctions, war or expropriation', 'strike or unrest', 'executive leaves', 'stopped by a regulator', 'market crash or bank run'],
            replaceAll(name, '_', ' ')
        ),
        CAST(event_names, 'Array(String)')
    ),
    ', '
)
