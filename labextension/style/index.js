import './base.css';
import './storage.css';
import './chart.css';
import './list.css';
import './pages.css';
import './recorder.css';
