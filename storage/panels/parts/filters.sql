{{chosen:topic}}
    AND {{chosen:source}}
    AND {{chosen:language}}
