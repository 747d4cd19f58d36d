// One dashboard on a page: grid, titles and selected variables in Grafana's layout and dark theme.
import { EventBusSrv, ThemeContext, createTheme, dateTime } from '@grafana/data';
import { GlobalStyles, PanelChrome, PanelContextProvider } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { PanelBody } from './panels';

const COLUMNS = 24, CELL = 30, GAP = 8;

function Dashboard({ dashboard, theme, width }) {
  const timeRange = { from: dateTime(dashboard.range.from), to: dateTime(dashboard.range.to), raw: { from: 'now-24h', to: 'now' } };
  const column = (width - GAP) / COLUMNS;
  const bottom = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const context = { eventsScope: 'preview', eventBus: new EventBusSrv(), app: 'preview', sync: () => 0 };
  return (
    <div style={{ padding: GAP, background: theme.colors.background.canvas, color: theme.colors.text.primary }}>
      <div style={{ ...theme.typography.h4, padding: '4px 8px 0' }}>{dashboard.title}</div>
      <div style={{ padding: '4px 8px 10px', display: 'flex', gap: 16, color: theme.colors.text.secondary, fontSize: 12 }}>
        {dashboard.variables.map(({ label, text }) => <span key={label}>{label}: <b>{text}</b></span>)}
        <span style={{ marginLeft: 'auto' }}>{dashboard.caption}</span>
      </div>
      <PanelContextProvider value={context}>
        <div style={{ position: 'relative', height: bottom * (CELL + GAP) }}>
          {dashboard.panels.map((panel) => {
            const { x, y, w, h } = panel.gridPos;
            const style = { position: 'absolute', left: x * column, top: y * (CELL + GAP) };
            return (
              <div key={panel.key} style={style} data-panel={panel.id}>
                <PanelChrome title={panel.title} width={w * column - GAP} height={h * (CELL + GAP) - GAP}>
                  {(innerWidth, innerHeight) => (
                    <PanelBody panel={panel} theme={theme} width={innerWidth} height={innerHeight} timeRange={timeRange} annotations={dashboard.annotations} />
                  )}
                </PanelChrome>
              </div>
            );
          })}
        </div>
      </PanelContextProvider>
    </div>
  );
}

window.drawDashboard = (dashboard, width) => {
  const theme = createTheme({ colors: { mode: 'dark' } });
  const place = document.getElementById('dashboard');
  place.style.width = `${width}px`;
  createRoot(place).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Dashboard dashboard={dashboard} theme={theme} width={width - 2 * GAP} />
    </ThemeContext.Provider>
  );
};
